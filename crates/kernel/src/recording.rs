//! An engine that keeps what was asked of the one inside it.

use crate::host::Host;
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::op::Op;
use cleat_model::snapshot::Snapshot;

/// Wraps any engine; passes everything on and notes it.
#[derive(Clone, Debug, Default)]
pub struct Recording<K> {
    kernel: K,
    performed: Vec<(Op, Result<(), KernelError>)>,
    calls: usize,
    snapshots: usize,
}

impl<K> Recording<K> {
    /// Begins with nothing noted.
    pub fn new(kernel: K) -> Self {
        Self {
            kernel,
            performed: Vec::new(),
            calls: 0,
            snapshots: 0,
        }
    }

    /// The steps in the order in which they were asked for, with their outcomes.
    pub fn performed(&self) -> &[(Op, Result<(), KernelError>)] {
        &self.performed
    }

    /// How many times [`Kernel::perform`] was called: the rounds that a plan took.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// How many times the kernel was read.
    pub fn snapshots(&self) -> usize {
        self.snapshots
    }

    /// Forgets what was noted.
    pub fn clear(&mut self) {
        self.performed.clear();
        self.calls = 0;
        self.snapshots = 0;
    }

    /// The engine inside.
    pub fn inner(&self) -> &K {
        &self.kernel
    }

    /// The engine inside, to do something unnoted.
    pub fn inner_mut(&mut self) -> &mut K {
        &mut self.kernel
    }
}

impl Recording<Host> {
    /// How many netlink messages were sent since the engine was opened.
    pub fn requests(&self) -> u64 {
        self.kernel.requests()
    }
}

impl<K: Kernel> Kernel for Recording<K> {
    fn snapshot(&mut self, query: Query) -> Result<Snapshot, KernelError> {
        self.snapshots += 1;
        self.kernel.snapshot(query)
    }

    fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
        self.calls += 1;
        let answers = self.kernel.perform(ops);
        self.performed.extend(ops.iter().cloned().zip(answers.iter().cloned()));
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_model::name::IfName;

    /// Refuses to take anything down.
    struct Stubborn;

    impl Kernel for Stubborn {
        fn snapshot(&mut self, _: Query) -> Result<Snapshot, KernelError> {
            Ok(Snapshot::new())
        }

        fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
            let answer = |op: &Op| match op {
                Op::SetUp { up: false, .. } => Err(KernelError::errno(1)),
                _ => Ok(()),
            };
            ops.iter().map(answer).collect()
        }
    }

    #[test]
    fn steps_are_noted_in_order_with_their_outcomes() {
        let step = |name: &str, up| Op::SetUp {
            name: IfName::new(name).expect("a name"),
            up,
        };
        let mut kernel = Recording::new(Stubborn);
        kernel.perform(&[step("a", true), step("b", false)]);
        assert_eq!(kernel.snapshot(Query::ALL), Ok(Snapshot::new()));
        kernel.perform(&[step("c", true)]);
        let expected = [
            (step("a", true), Ok(())),
            (step("b", false), Err(KernelError::errno(1))),
            (step("c", true), Ok(())),
        ];
        assert_eq!(kernel.performed(), expected);
        assert_eq!((kernel.calls(), kernel.snapshots()), (2, 1));
        kernel.clear();
        assert_eq!((kernel.performed().len(), kernel.calls()), (0, 0));
    }
}
