//! What reads and changes one part of the host, and how a wave of steps is handed out by part.
//!
//! A part has its own protocol: links, addresses and routes speak rtnetlink, the settings of a NIC generic netlink. Its
//! steps, how they are shown, sent and simulated are in files of their own, and the plan orders the steps of all parts by
//! `after` and `needs`.

use crate::kernel::{KernelError, Query};
use crate::op::Op;
use crate::snapshot::Snapshot;

/// A part of the host that an engine of its own reads and changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Links, addresses, routes, VLANs, forwarding entries and rules, and settings below /proc/sys.
    Link,
    /// What ethtool(8) shows and sets.
    Ethtool,
}

/// What came of one step.
pub type Answer = Result<(), KernelError>;

/// What reads and changes one part.
pub trait Engine {
    /// Which.
    fn part(&self) -> Part;

    /// Adds what the part has to a snapshot, as far as `query` asks for it.
    ///
    /// # Errors
    /// The part could not be read as a whole.
    fn read(&mut self, query: &Query, snapshot: &mut Snapshot) -> Result<(), KernelError>;

    /// Performs independent steps of the part, in one go where that is possible; the answer at `i` belongs to `ops[i]`. A
    /// failing step does not keep the others from being tried.
    fn perform(&mut self, ops: &[&Op]) -> Vec<Answer>;
}

/// The engines of a host, by part.
pub trait Engines {
    /// The engine of a part, opened where it was not needed before.
    ///
    /// # Errors
    /// The host has none: that is the answer to each step of the part.
    fn engine(&mut self, part: Part) -> Result<&mut dyn Engine, KernelError>;
}

/// Hands a wave of steps out, each to the engine of its part, and puts the answers in the order of the steps.
pub fn hand_out(engines: &mut dyn Engines, ops: &[Op]) -> Vec<Answer> {
    let mut parts: Vec<Part> = ops.iter().map(Op::part).collect();
    parts.sort_unstable();
    parts.dedup();
    let mut answers: Vec<Answer> = vec![Ok(()); ops.len()];
    for part in parts {
        let places = || (0..).zip(ops).filter(|(_, op)| op.part() == part);
        let of_part: Vec<&Op> = places().map(|(_, op)| op).collect();
        let given = match engines.engine(part) {
            Ok(engine) => engine.perform(&of_part),
            Err(error) => vec![Err(error); of_part.len()],
        };
        // Were an answer missing, a step would be taken for done of which nothing is known.
        assert_eq!(
            given.len(),
            of_part.len(),
            "the engine of {part:?} gives each step its answer"
        );
        for ((at, _), answer) in places().zip(given) {
            answers[at] = answer;
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ethtool::{Group, Set};
    use crate::name::IfName;

    /// Answers each step with its own link's name, or with nothing at all.
    struct Named {
        part: Part,
        asked: Vec<String>,
        silent: bool,
    }

    impl Engine for Named {
        fn part(&self) -> Part {
            self.part
        }

        fn read(&mut self, _query: &Query, _snapshot: &mut Snapshot) -> Result<(), KernelError> {
            Ok(())
        }

        fn perform(&mut self, ops: &[&Op]) -> Vec<Answer> {
            self.asked.extend(ops.iter().map(|op| op.name().to_string()));
            let answer = |op: &&Op| Err(KernelError::text(op.name().to_string()));
            ops.iter().filter(|_| !self.silent).map(answer).collect()
        }
    }

    struct Two(Named, Option<Named>);

    impl Engines for Two {
        fn engine(&mut self, part: Part) -> Result<&mut dyn Engine, KernelError> {
            match (part, &mut self.1) {
                (Part::Link, _) => Ok(&mut self.0),
                (Part::Ethtool, Some(engine)) => Ok(engine),
                (Part::Ethtool, None) => Err(KernelError::errno(95)),
            }
        }
    }

    fn named(part: Part) -> Named {
        Named {
            part,
            asked: Vec::new(),
            silent: false,
        }
    }

    fn wave() -> Vec<Op> {
        let name = |text: &str| IfName::new(text).unwrap();
        let up = |text: &str| Op::SetUp {
            name: name(text),
            up: true,
        };
        let rings = |text: &str| Op::Ethtool(Set::new(name(text), Group::Rings));
        vec![rings("a"), up("b"), rings("c"), up("d")]
    }

    #[test]
    fn each_step_gets_the_answer_of_the_engine_of_its_part() {
        let mut two = Two(named(Part::Link), Some(named(Part::Ethtool)));
        let answers = hand_out(&mut two, &wave());
        let texts = ["a", "b", "c", "d"].map(|name| Err(KernelError::text(name)));
        assert_eq!(answers, texts);
        assert_eq!(two.0.asked, ["b", "d"]);
    }

    #[test]
    fn a_part_without_an_engine_costs_its_own_steps_alone() {
        let mut two = Two(named(Part::Link), None);
        let lacks = || Err(KernelError::errno(95));
        let is = |name: &str| Err(KernelError::text(name));
        assert_eq!(hand_out(&mut two, &wave()), [lacks(), is("b"), lacks(), is("d")]);
    }

    #[test]
    #[should_panic(expected = "gives each step its answer")]
    fn an_engine_that_leaves_out_an_answer_is_not_believed() {
        let mut link = named(Part::Link);
        link.silent = true;
        hand_out(&mut Two(link, None), &wave());
    }
}
