//! `postcase queue …`, `postcase agent …`

use clap::{Args, Subcommand};

use super::words::{ACCEPT, ASSIGN, PRESENCE, name_or_none, names, skill, switch, word};
use crate::base::{Mailbox, Span};
use crate::cli::failure::Failure;
use crate::cli::meaning::Meaning;
use crate::desk::Command;
use crate::desk::command::{AgentSettings, QueueSettings};
use crate::routing::{Accept, Assign, Presence};

#[derive(Debug, Subcommand)]
pub enum Queue {
    /// Adds a queue
    Add {
        name: String,
        #[command(flatten)]
        settings: QueueOptions,
    },
    /// Lists queues with how many cases wait in each
    List,
    /// Shows a queue
    Show { name: String },
    /// Changes a queue; what isn't named stays
    Set {
        name: String,
        #[command(flatten)]
        settings: QueueOptions,
    },
    /// Removes a queue in which nothing waits
    Remove { name: String },
}

#[derive(Debug, Args)]
pub struct QueueOptions {
    /// The agents who get its cases, with commas between; an empty text: nobody
    #[arg(long, value_name = "LIST")]
    members: Option<String>,
    /// Who gets the next case; with pick agents take cases themselves
    #[arg(long, value_parser = word::<Assign>(ASSIGN))]
    assign: Option<Assign>,
    /// Whether an agent is asked before a case is theirs
    #[arg(long, value_parser = word::<Accept>(ACCEPT))]
    accept: Option<Accept>,
    /// Where cases go that have waited too long; the queue itself: nowhere
    #[arg(long, value_name = "QUEUE")]
    overflow: Option<String>,
    /// How long that is, 15m unless said
    #[arg(long, value_name = "DURATION")]
    overflow_after: Option<Span>,
    /// Waiting cases from which on the next ones overflow at once; 0: any number
    #[arg(long, value_name = "N")]
    overflow_at: Option<u32>,
    /// Business hours from the configuration, outside of which nothing is handed out and everything overflows; an
    /// empty text: always
    #[arg(long, value_name = "NAME")]
    hours: Option<String>,
    /// How long a case waits for the skills that it asks for; 0s: as long as it takes
    #[arg(long, value_name = "DURATION")]
    relax_after: Option<Span>,
}

impl QueueOptions {
    fn meaning(self) -> Result<QueueSettings, Failure> {
        let read = |list: String| {
            let members = list.split(',').map(str::trim).filter(|member| !member.is_empty());
            members
                .map(|member| {
                    member.parse::<Mailbox>().map_err(|error| Failure::usage(format!("--members: {member}: {error}")))
                })
                .collect()
        };
        Ok(QueueSettings {
            members: self.members.map(read).transpose()?,
            assign: self.assign,
            accept: self.accept,
            overflow: self.overflow,
            overflow_after: self.overflow_after,
            overflow_at: self.overflow_at,
            hours: self.hours,
            relax_after: self.relax_after,
        })
    }
}

impl Queue {
    pub fn meaning(self) -> Result<Meaning, Failure> {
        Ok(Meaning::Ask(match self {
            Self::Add { name, settings } => Command::QueueAdd { name, settings: settings.meaning()? },
            Self::List => Command::QueueList,
            Self::Show { name } => Command::QueueShow { name },
            Self::Set { name, settings } => Command::QueueSet { name, settings: settings.meaning()? },
            Self::Remove { name } => Command::QueueRemove { name },
        }))
    }
}

#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Adds an agent
    Add {
        address: Mailbox,
        #[command(flatten)]
        settings: AgentOptions,
    },
    /// Lists agents with how many open cases each has
    List,
    /// Shows an agent
    Show { address: Mailbox },
    /// Changes an agent; what isn't named stays
    Set {
        address: Mailbox,
        #[command(flatten)]
        settings: AgentOptions,
    },
    /// Says whether an agent is given work
    Presence {
        address: Mailbox,
        #[arg(value_parser = word::<Presence>(PRESENCE))]
        presence: Presence,
    },
    /// Removes an agent, whose cases go back to their queues
    Remove { address: Mailbox },
}

#[derive(Debug, Args)]
pub struct AgentOptions {
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Units of work at a time, one for each open case unless a profile says otherwise; 0: what the profile says, or any number
    #[arg(long, value_name = "N")]
    capacity: Option<u32>,
    /// The capacity profile; an empty text: none
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Whether they are told by mail of cases that are offered to them, become theirs, or are answered
    #[arg(long, value_name = "on|off", value_parser = switch())]
    notices: Option<bool>,
    /// What they can do and how well, such as german=3; a level of 0 takes it away
    #[arg(long, value_name = "NAME=LEVEL", value_parser = skill)]
    skill: Vec<(String, u8)>,
    /// What lets them work on cases of addresses that ask for it; an empty text: none
    #[arg(long, value_name = "NAME", value_parser = name_or_none)]
    permission_set: Vec<String>,
}

impl From<AgentOptions> for AgentSettings {
    fn from(typed: AgentOptions) -> Self {
        Self {
            name: typed.name,
            capacity: typed.capacity,
            profile: typed.profile,
            notices: typed.notices,
            skills: typed.skill.into_iter().collect(),
            permission_sets: names(typed.permission_set),
        }
    }
}

impl Agent {
    pub fn meaning(self) -> Meaning {
        Meaning::Ask(match self {
            Self::Add { address, settings } => Command::AgentAdd { address, settings: settings.into() },
            Self::List => Command::AgentList,
            Self::Show { address } => Command::AgentShow { address },
            Self::Set { address, settings } => Command::AgentSet { address, settings: settings.into() },
            Self::Presence { address, presence } => Command::AgentPresence { address, presence },
            Self::Remove { address } => Command::AgentRemove { address },
        })
    }
}
