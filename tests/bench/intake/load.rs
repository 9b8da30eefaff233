//! What a server is loaded with: how large the messages are, over how many connections they come, and whether each has a
//! connection of its own.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Of one message with its header section.
    pub bytes: usize,
    /// At a time.
    pub connections: usize,
    /// One message and no more over each of them.
    pub single: bool,
}

/// What is measured unless something else is asked for.
pub const USUAL: &str = "4096x1,4096x10,4096x10x1,4096x100,4096x1000,20480x10,20480x100,1048576x10";

impl FromStr for Load {
    type Err = String;

    /// `BYTESxCONNECTIONS`, with `x1` behind it for one message per connection.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no load: BYTESxCONNECTIONS or BYTESxCONNECTIONSx1");
        let (text_of_bytes, rest) = text.split_once('x').ok_or_else(wrong)?;
        let (connections, single) = rest.strip_suffix("x1").map_or((rest, false), |rest| (rest, true));
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong);
        Ok(Self { bytes: number(text_of_bytes)?, connections: number(connections)?, single })
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            bytes if bytes >= 1 << 20 => write!(f, "{} MB", bytes >> 20)?,
            bytes => write!(f, "{} KB", bytes >> 10)?,
        }
        write!(f, " × {}", self.connections)?;
        f.write_str(if self.single { ", one each" } else { "" })
    }
}
