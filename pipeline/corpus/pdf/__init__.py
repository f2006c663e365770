"""Read PDF files: words with their places, columns, margins, footnotes, paragraphs."""
