"""An entry point for a zygote's interpreter that only reports what a zygote would carry into each child."""

import json
import sys

from sandbox.zygote import entry


def main():
    entry.language.warm()
    sys.stdout.write(json.dumps(sorted(sys.modules)))
