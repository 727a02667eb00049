"""The command line: one module a command, each with a click command named ``command``."""

#: Loaded when called, so that ``kudos --help`` is quick and a part may be missing from an image.
COMMANDS = {
    "dead-letters": "kudos.cli.dead_letters",
    "demo": "kudos.cli.demo",
    "docs": "kudos.cli.docs",
    "evaluate": "kudos.cli.evaluate",
    "import": "kudos.cli.importing",
    "keys": "kudos.cli.keys",
    "ledger": "kudos.cli.ledger",
    "local": "kudos.cli.local",
    "lookup": "kudos.cli.lookup",
    "organisations": "kudos.cli.organisations",
    "poll": "kudos.cli.poll",
    "publish": "kudos.cli.publish",
    "rebuild": "kudos.cli.rebuild",
    "reference": "kudos.cli.reference",
    "simulate": "kudos.cli.simulate",
    "sources": "kudos.cli.sources",
    "standard": "kudos.cli.standard",
    "topics": "kudos.cli.topics",
    "vendors": "kudos.cli.vendors",
}
