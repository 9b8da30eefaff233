//! Writing a plugin, and what it may do.
//!
//! A plugin is a WebAssembly component of the world `plugin` in `plugins/wit/routing.wit`, made in any language that has a component
//! tool. In Rust a crate in `plugins/` that uses the SDK is some twenty lines; `plugins/skills-by-language` and
//! `plugins/vip-domains` are examples worth installing. The latter has twins in Python (componentize-py) and in JavaScript
//! (componentize-qjs), which say the same about the same mail; `plugins/README.md` has the commands that fetch the tools and
//! build each of them.
//!
//! ```text
//! cargo build --release --locked --target wasm32-wasip2 --manifest-path plugins/Cargo.toml
//! postcase plugin install plugins/target/wasm32-wasip2/release/vip_domains.wasm --set domains=.bigcustomer.example
//! postcase plugin test vip-domains MESSAGE.eml     # what it would say
//! postcase replay --plugin NEW.wasm                # what it would change about the mail that is stored
//! postcase replay --plugin vip-domains@0.1.0       # the same of a version that is installed, or was before
//! postcase plugin set vip-domains priority=high --order 5
//! postcase plugin rollback vip-domains             # the version before
//! ```
//!
//! # What it may do
//! It is given facts of one message, cut to a size, and answers with advice: a workstream, a queue, an agent, a priority, a
//! skill, a tag, a field, a record type, a hold, a note, a case that it may belong to, or nothing. Advice is sure to a percentage and
//! gives its reason in one line, which the agent sees. Each call has an instance of its own with 32 MiB of memory (up to 96 with
//! `plugin install --memory`), 512 KiB of stack, 50 million instructions and 100 ms; an answer has at most 100 pieces of advice in
//! 64 KiB. A field is one of the company's own: the name of what is postcase's, such as `address`, fails the answer. A case keeps
//! 100 fields, 100 tags and 100 skills.
//!
//! The clock stands at the time of receipt and chance comes from the mail, so that the same mail gets the same advice again. There
//! is nothing else: no files, network, environment or standard output; `host.log` is for a few lines. Fuel ends the same call at
//! the same place everywhere; time is that of a processor, and a guest meets that clock every 10 ms and whenever it calls the host,
//! at most 1,000 times. Two messages for each processor are shown to plugins at a time; the others of a burst wait. A call that comes late in the chain has what is left of it.
//!
//! # What it may remember
//! `host.set-state` keeps up to 64 KiB for the messages to come, `host.get-state` shows what was kept last. It is written in the
//! same commit as what becomes of the message, over what the message before left, so that no count is lost; messages that are
//! decided at once are asked about one after the other as soon as something was kept. A call that fails keeps nothing, and neither do
//! `plugin test` and replay. What a plugin had kept when it looked is recorded with the message, so that it can be asked exactly the
//! same again, and is erased with it; what it keeps itself is not looked through when somebody is erased, so it must
//! hold nothing of anybody. It is the plugin's, whatever its version, until `plugin remove`.
//!
//! # When it is asked
//! About each case that a message opens, at the stages that it names: at each of them the rules first, then the plugins in their order
//! (`postcase rules show --order`). Later ones see what earlier ones said. The first that places the case wins, the rest
//! adds up; `postcase message explain` says who advised what, in which version, and why it lost. All plugins together have
//! 500 ms for a message.
//!
//! About each message that joins a case the plugins that name `follow-up` are asked, with the case as it is then. What they say
//! changes it and is told on it; a queue, an agent or a reason to hold is not followed, because the case has its place.
//!
//! At the stage `assign`, the last of a new case, an agent is one of the case's queue who should have it before others: whenever
//! they are there and have room, unless somebody had it before. It is kept as the case's field `preferred_agent`.
//!
//! A plugin is asked about all mail, or with `plugin set NAME --about named` only about that of the addresses which name it with
//! `address set ADDRESS --plugin NAME`.
//!
//! # When it fails
//! A call that traps, takes too much, answers an error or words that aren't known is that plugin's failure; its whole answer
//! counts for nothing, it isn't asked again about that message, and mail goes on. So is a queue or an agent that isn't there. The case says
//! so (`adviser_failed`). Five messages within a minute on which it fails suspend a plugin for a minute, and for twice as long
//! each time that this happens again before it has done well for an hour, up to an hour: `postcase plugin show` says why and until
//! when, the explanation of each message that isn't shown to it that it wasn't, and
//! `plugin enable` ends it. A message that is planned again, after a conflict or a crash, counts once for a version. `postcase plugin
//! test` shows failure and log. One that can't even be loaded is listed as `failed` with the reason, and mail goes on without it; when
//! the server starts it is tried again after the same pauses. While plugins are compiled then, mail is taken and waits for its decision.
//!
//! # Trying one
//! A plugin brings vectors along: messages, each with a stage, settings and the advice that must come, which is what
//! `plugin test` shows without the stage. `plugin install` runs them all and installs nothing when one fails.
//!
//! `postcase replay --plugin FILE.wasm` runs the mail that is stored, or message files, through a plugin that isn't installed,
//! beside the rules and plugins that are active, in the place of the one of its name (`--name` when it has another here), with
//! the settings of that and those given with `--set`. It shows the decisions that would change, what the plugin says to it, and
//! where it fails. `--plugin NAME@VERSION` tries one of the versions that are kept, by what it is called or by the beginning of its
//! hash (`plugin list --json` has them), also one that is disabled; several are tried together when `--plugin` is given several
//! times. Nothing is changed by it, nothing is counted as a failure, and the same mail gives the same answer again:
//! the clock stands at the time of receipt, and chance comes from the mail's id.
//!
//! # Versions
//! A version is known by the BLAKE3 of its component. Installing a plugin under a name that there is replaces it; the three before stay and
//! `rollback` brings them back, one after the other. What runs is swapped as a whole: calls under way end on the version that
//! they began with.
