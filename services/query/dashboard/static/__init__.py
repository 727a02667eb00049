"""What the pages load: styles and the little script there is."""
