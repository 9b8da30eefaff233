// The twin of ../src/lib.rs in JavaScript: the same description, the same vectors, the same advice.
// VECTORS is put in front by build.mjs: a plugin has no files.

export function describe() {
  return {
    name: "vip-domains",
    version: "0.1.0",
    summary: "Gives mail of the domains in its settings a priority and the tag vip",
    stages: ["classify"],
    settings: [
      { name: "domains", default: "", meaning: "domains with commas between; one that begins with a dot: with those below it" },
      { name: "priority", default: "urgent", meaning: "the priority that they get" },
      { name: "unproven", default: "no", meaning: "yes: mail counts, too, whose sender DMARC doesn't prove" },
    ],
    vectors: VECTORS,
  };
}

export function advise(stage, facts) {
  const settings = Object.fromEntries(facts.settings.map(({ name, value }) => [name, value]));
  const domain = facts.sender.domain;
  const entries = settings.domains.split(",").map((entry) => entry.trim().toLowerCase());
  const entry = entries.find((entry) => entry !== "" && covers(entry, domain));
  if (entry === undefined) {
    return [];
  }
  if (facts.authentication.dmarc !== "pass" && settings.unproven !== "yes") {
    const note = `it says that it comes from ${domain}, a customer with priority, but DMARC doesn't prove it`;
    return [sure("note", note, "an unproven sender gets no priority")];
  }
  const why = `${entry} is among the domains with priority`;
  return [sure("priority", settings.priority, why), sure("tag", "vip", why)];
}

function covers(entry, domain) {
  return domain === entry.replace(/^\.+/, "") || (entry.startsWith(".") && domain.endsWith(entry));
}

function sure(tag, val, explanation) {
  return { suggestion: { tag, val }, confidence: 100, explanation };
}
