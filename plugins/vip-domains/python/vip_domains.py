"""The twin of `../src/lib.rs` in Python: the same description, the same vectors, the same advice."""

from pathlib import Path

import wit_world
from wit_world.imports.types import (
    Advice, Description, Facts, Setting, Stage, Suggestion, Suggestion_Note, Suggestion_Priority, Suggestion_Tag, Vector
)

# Read while the component is built: a plugin has no files.
VECTORS = [
    Vector(name, (folder / f"{name}.eml").read_bytes(), (folder / f"{name}.json").read_text())
    for folder in [Path(__file__).parent.parent / "vectors"]
    for name in ["a-vip-writes", "somebody-else-writes", "a-forged-vip"]
]


class WitWorld(wit_world.WitWorld):
    """What `plugins/wit` exports; the tool looks for this name."""

    def describe(self) -> Description:
        return Description(
            name="vip-domains",
            version="0.1.0",
            summary="Gives mail of the domains in its settings a priority and the tag vip",
            stages=[Stage.CLASSIFY],
            settings=[
                Setting("domains", "", "domains with commas between; one that begins with a dot: with those below it"),
                Setting("priority", "urgent", "the priority that they get"),
                Setting("unproven", "no", "yes: mail counts, too, whose sender DMARC doesn't prove"),
            ],
            vectors=VECTORS,
        )

    def advise(self, stage: Stage, facts: Facts) -> list[Advice]:
        settings = {setting.name: setting.value for setting in facts.settings}
        domain = facts.sender.domain
        entry = next((entry for entry in entries(settings["domains"]) if covers(entry, domain)), None)
        if entry is None:
            return []
        if facts.authentication.dmarc != "pass" and settings["unproven"] != "yes":
            note = f"it says that it comes from {domain}, a customer with priority, but DMARC doesn't prove it"
            return [sure(Suggestion_Note(note), "an unproven sender gets no priority")]
        why = f"{entry} is among the domains with priority"
        return [sure(Suggestion_Priority(settings["priority"]), why), sure(Suggestion_Tag("vip"), why)]


def entries(domains: str) -> list[str]:
    return [entry.strip().lower() for entry in domains.split(",") if entry.strip()]


def covers(entry: str, domain: str) -> bool:
    return domain == entry.lstrip(".") or entry.startswith(".") and domain.endswith(entry)


def sure(suggestion: Suggestion, why: str) -> Advice:
    return Advice(suggestion, 100, why)
