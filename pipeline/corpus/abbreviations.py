"""List the abbreviations and sentence openers that the splitter's rules know, each in one place."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Written before a name, so the full stop hardly ever ends a sentence. Not in lower case: "halted at the col." ends one.
TITLES = _words(
    """Abp Adm Amb Bp Brig Capt Cdr Cmdr Col Cpl Cpt Det Dr Drs Flt Fr Ft Gen Gens Gov Govs Hon Insp Lt Maj Messrs
    Mgr Mlle Mme Mmes Mr Mrs Ms Msgr Mt Mx Pres Prof Profs Pvt Rep Reps Rev Rt Sen Sens Sgt Sr St Ste Supt"""
)

# Titles that also end names and addresses: "Thomas Ardell Sr.", "Main St."
LATE_TITLES = _words("Sr St Hon")

# Written before a number: an abbreviation where one follows, a plain word elsewhere ("a flat no.").
REFERENCES = _words(
    """ann app arg art arts bk cap ch chap chs cl col cols doc docs ed eds eq ex fig figs fn no nos para paras pp
    p pt pts ref regs res sec sect sects ser suppl tab vol vols"""
)

# Written before a number, and abbreviations only when capitalised: "the sun." and "they sat." are words.
DATES = _words("Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun")

# Never last in a sentence.
INNER = _words("a.k.a approx ca cf circa e.g eg esp est i.e ie incl n.b rs sq viz vs")

# Written before a name or after one: last in a sentence only where the next word tells.
OPEN_ENDED = _words(
    """al assoc assn ave bldg blvd bros co corp dept depts dist div esq ext gmbh govt inc jr llc ltd mfg ph.d plc rd
    ret univ"""
)

# Followed by lower case within a sentence, so that a capital opens a new one.
UNITS = _words("bn cm etc ff ft hr hrs ibid kg km lb lbs m mi mins mm mn mph oz tr trn yr yrs")

# Names given a letter, which then ends the name and is no initial.
LETTERED = _words(
    """annex appendix area article block box camp category chapter class clause column exhibit form gate grade group
    hepatitis item lane level line list lot option panel paragraph part phase plan point pool protocol road room
    route schedule section sector series site stage table team tier type unit vitamin volume war wing zone"""
)

# Open a sentence, and hardly ever a name that continues "the U.S. …" or "Maria S. …".
OPENERS = _words(
    """A About Above According Across After Afterwards Again Against All Almost Along Already Also Although Among
    An And Another Any Anyone Are Around As At Because Before Behind Below Beside Besides Between Beyond Both But
    By Can Could Despite Did Do Does During Each Either Elsewhere Even Eventually Every Everybody Everyone
    Everything Except Few Finally First Following For From Further Furthermore Given Had Has Have Having He Hence
    Her Here His How However I If In Indeed Instead Into Is It Its Last Later Let Like Little Many Meanwhile
    Moreover Most Much My Near Neither Never Nevertheless Nobody None Nonetheless Nor Not Nothing Now Of Often On
    Once One Only Or Other Others Our Outside Over Perhaps Rather Second Several She Should Similarly Since So
    Some Somebody Someone Soon Still Such Than That The Their Then There Thereafter Therefore These They Third
    This Those Though Three Through Throughout Thus To Today Together Tomorrow Too Towards Two Unless Unlike Until
    Upon Was We Were What When Where Whereas Whether Which While Who Why With Within Without Would Yes Yesterday
    Yet You Your"""
)

# Begin a name in lower case, and with it, at times, a sentence.
PARTICLES = _words("al bin bint d da dal de del della den der di dos du el ibn la le ten ter van von")

# Begin a name in lower case when a hyphen follows: "ash-Shabab".
ARTICLES = _words("ad al an ar as ash at az ed el es ul ur")

# Say who spoke, after a quotation.
SAYING = _words("added answered asked called cried demanded exclaimed remarked replied said shouted wondered wrote")

# Follow "3 p.m." without a new sentence.
AFTER_TIME = DATES | _words(
    """Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December BST CET CEST EDT EST EAT GMT IST MSK PDT PST UTC"""
)
