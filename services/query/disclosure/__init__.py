"""Statistical disclosure control: which cells of a cut may be published, decided as a whole."""
