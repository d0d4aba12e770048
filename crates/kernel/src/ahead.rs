//! Dumps that are asked for in a thread, while the caller still does something else.

use crate::answer::{Answer, Messages};
use crate::socket::{from_io, receive};
use cleat_model::kernel::KernelError;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::Socket;
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Room for one datagram of a dump: the kernel sends 32 KiB, but for a link with very many virtual functions.
const ROOM: usize = 64 << 10;

/// A datagram; `None`: it was larger than the room.
type Received = Result<Option<Vec<u8>>, KernelError>;

/// A dump to ask for.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) message: RouteNetlinkMessage,
    pub(crate) sequence: u32,
    /// The message as it is sent.
    pub(crate) bytes: Vec<u8>,
}

/// Dumps under way, in the order in which their answers are to be taken.
pub(crate) struct Ahead {
    open: VecDeque<Question>,
    /// Those of them that the thread has still to begin.
    waiting: Arc<Mutex<VecDeque<Question>>>,
    datagrams: Receiver<Received>,
    /// Back to the thread: buffers that were read through are used again.
    used: Sender<Vec<u8>>,
}

impl Ahead {
    /// Begins to ask, one question after the other, through a socket that is for nothing else.
    pub(crate) fn begin(socket: Socket, questions: Vec<Question>) -> io::Result<Self> {
        let (sender, datagrams) = channel();
        let (used, free) = channel();
        let open: VecDeque<Question> = questions.into();
        let waiting = Arc::new(Mutex::new(open.clone()));
        let of_thread = Arc::clone(&waiting);
        let run = move || -> Option<()> {
            loop {
                // The queue is free again before the dump begins.
                let next = locked(&of_thread).pop_front();
                ask(&socket, &next?, &sender, &free)?;
            }
        };
        std::thread::Builder::new().spawn(run)?;
        Ok(Self {
            open,
            waiting,
            datagrams,
            used,
        })
    }

    /// The sequence number of that dump, where it is the next one to be taken.
    pub(crate) fn take(&mut self, message: &RouteNetlinkMessage) -> Option<u32> {
        let next = self.open.front().filter(|next| next.message == *message)?.sequence;
        self.open.pop_front();
        Some(next)
    }

    /// Leaves all but the first dump to the caller, where the thread is at that one still. Answers whether it is.
    pub(crate) fn keep_first(&mut self) -> bool {
        let mut waiting = locked(&self.waiting);
        let Some(others) = self.open.len().checked_sub(1).filter(|others| *others > 0) else {
            return false;
        };
        let Some(first) = waiting.len().checked_sub(others) else {
            return false;
        };
        waiting.truncate(first);
        self.open.truncate(1);
        true
    }

    /// Waits for the next datagram of the dump that was taken last, and hands back one that was read through.
    pub(crate) fn receive(&self, used: Vec<u8>) -> Received {
        // A thread that is done needs no more.
        let _ = self.used.send(used);
        let gone = |_| KernelError::text("the thread that reads the kernel ended");
        self.datagrams.recv().map_err(gone)?
    }
}

/// The queue; a thread that panicked left it whole.
fn locked(waiting: &Mutex<VecDeque<Question>>) -> MutexGuard<'_, VecDeque<Question>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks for one dump and hands on what comes, to its end; `None` where nobody takes it, or it cannot be read further.
fn ask(socket: &Socket, question: &Question, sender: &Sender<Received>, free: &Receiver<Vec<u8>>) -> Option<()> {
    let mut failed = socket.send(&question.bytes, 0).err();
    loop {
        let mut datagram = free.try_recv().unwrap_or_default();
        datagram.clear();
        datagram.reserve(ROOM);
        let received = match failed.take() {
            None => receive(socket, &mut datagram, 0),
            Some(error) => Err(error),
        };
        let whole = matches!(received, Ok(true));
        let is_last = Messages::new(&datagram)
            .filter(|message| message.sequence == question.sequence)
            .any(|message| matches!(message.answer(), Answer::Done(_) | Answer::Acked(_)));
        let received = received.map(|fits| fits.then_some(datagram)).map_err(from_io);
        sender.send(received).ok()?;
        match (whole, is_last) {
            (true, true) => return Some(()),
            (true, false) => {}
            (false, _) => return None,
        }
    }
}
