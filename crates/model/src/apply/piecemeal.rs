//! A refused request, taken apart: each of its attributes by itself, so that one that the kernel refuses costs no other,
//! and no link.

use crate::attr::{Attr, Change, Value, Wire};
use crate::kernel::{Kernel, KernelError};
use crate::kernel_attr::{Nest, masked};
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::Op;
use crate::table;
use crate::types::Kind;

/// An attribute of a request that the kernel refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The link.
    pub(super) name: IfName,
    /// The options of interfaces(5) that set it; several share some attributes (`vxlan-mcastgrp`, `vxlan-svcnodeip`).
    pub(super) options: Vec<&'static Attr>,
    /// The value, as in the file; empty where no row knows the attribute.
    pub(super) value: String,
    /// The request that holds it alone.
    pub(super) op: Op,
    /// What the kernel answered.
    pub(super) error: KernelError,
}

impl std::fmt::Display for Refused {
    /// The like command and what the kernel answered: `ip link set bond0 mtu 9000: Invalid argument`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.op, self.error)
    }
}

/// A request with one attribute alone.
struct Part {
    op: Op,
    rows: Vec<&'static Attr>,
    value: String,
}

impl Part {
    fn refused(self, error: KernelError) -> Refused {
        let Self { op, rows, value } = self;
        Refused {
            name: op.name(),
            options: rows,
            value,
            op,
            error,
        }
    }
}

/// Does a refused request piece by piece: a link is made with nothing but what it cannot be without, then each attribute
/// is set by itself. `None` where there is nothing to take apart, or where not even the bare link can be made.
pub(super) fn perform(kernel: &mut dyn Kernel, op: &Op) -> Option<Vec<Refused>> {
    let mut refused = Vec::new();
    let parts = match op {
        Op::CreateLink {
            name,
            kind,
            link,
            data,
            up,
            ..
        } => {
            let (fixed, later) = split(kind, data);
            let is_bare = fixed.iter().all(|(number, _)| kind.row().identity.contains(&number));
            if link.is_empty() && later.is_empty() && is_bare && !up {
                return None;
            }
            create(kernel, op, &fixed, &mut refused)?;
            let mut parts = parts(*name, &Kind::Physical, Nest::Link, link);
            parts.extend(parts_of_data(*name, kind, &later));
            if *up {
                let op = Op::SetUp { name: *name, up: true };
                let (rows, value) = (Vec::new(), String::new());
                parts.push(Part { op, rows, value });
            }
            parts
        }
        Op::SetLink { name, link } => several(parts(*name, &Kind::Physical, Nest::Link, link))?,
        Op::SetPort { name, kind, data } => several(parts(*name, kind, Nest::Port, data))?,
        Op::SetData {
            name,
            kind,
            data,
            links,
        } => {
            let mut all = parts_of_data(*name, kind, data);
            all.extend(links.iter().map(|link| Part {
                op: Op::SetData {
                    name: *name,
                    kind: kind.clone(),
                    data: Attrs::new(),
                    links: vec![*link],
                },
                rows: Vec::new(),
                value: String::new(),
            }));
            several(all)?
        }
        _ => return None,
    };
    for part in parts {
        if let Err(error) = one(kernel, &part.op) {
            refused.push(part.refused(error));
        }
    }
    Some(refused)
}

fn several(parts: Vec<Part>) -> Option<Vec<Part>> {
    (parts.len() > 1).then_some(parts)
}

fn one(kernel: &mut dyn Kernel, op: &Op) -> Result<(), KernelError> {
    // An engine that answers nothing did nothing wrong.
    kernel.perform(std::slice::from_ref(op)).pop().unwrap_or(Ok(()))
}

/// Makes the link bare, with as many as the kernel takes of the attributes that can only be given at its making.
fn create(kernel: &mut dyn Kernel, op: &Op, fixed: &Attrs, refused: &mut Vec<Refused>) -> Option<()> {
    let bare = |data: Attrs| {
        let mut op = op.clone();
        if let Op::CreateLink {
            link, data: all, up, ..
        } = &mut op
        {
            (*link, *all, *up) = (Attrs::new(), data, false);
        }
        op
    };
    let Op::CreateLink { name, kind, .. } = op else {
        return None;
    };
    if one(kernel, &bare(fixed.clone())).is_ok() {
        return Some(());
    }
    let is_needed = |number: u16| kind.row().identity.contains(&number);
    let mut kept: Attrs = fixed
        .iter()
        .filter(|(number, _)| is_needed(*number))
        .map(|(number, payload)| (number, payload.to_vec()))
        .collect();
    one(kernel, &bare(kept.clone())).ok()?;
    for (number, payload) in fixed.iter().filter(|(number, _)| !is_needed(*number)) {
        let mut more = kept.clone();
        more.set(number, payload);
        one(kernel, &Op::DeleteLink { name: *name }).ok()?;
        match one(kernel, &bare(more.clone())) {
            Ok(()) => kept = more,
            Err(error) => {
                let (rows, value) = known(kind, Nest::Data, number, payload);
                let op = bare(more);
                refused.push(Part { op, rows, value }.refused(error));
                one(kernel, &bare(kept.clone())).ok()?;
            }
        }
    }
    Some(())
}

/// What must be said when the link is made, and what can be said later.
fn split(kind: &Kind, data: &Attrs) -> (Attrs, Attrs) {
    let (mut fixed, mut later) = (Attrs::new(), Attrs::new());
    for (number, payload) in data.iter() {
        let rows = rows(kind, Nest::Data, number);
        let at_making = rows.iter().any(|row| row.change == Change::Recreate);
        match at_making || kind.row().identity.contains(&number) {
            true => fixed.push(number, payload),
            false => later.push(number, payload),
        };
    }
    (fixed, later)
}

/// Options of a kind in the order of the table: what an option needs stands before it (the mode of a bond, its `miimon`).
fn parts_of_data(name: IfName, kind: &Kind, data: &Attrs) -> Vec<Part> {
    let mut parts = parts(name, kind, Nest::Data, data);
    let place = |part: &Part| match part.rows.first() {
        Some(first) => table::all().position(|row| std::ptr::eq(row, *first)),
        None => None,
    };
    parts.sort_by_key(|part| place(part).unwrap_or(usize::MAX));
    parts
}

fn parts(name: IfName, kind: &Kind, nest: Nest, attrs: &Attrs) -> Vec<Part> {
    let single = |number: u16, payload: &[u8]| {
        let mut attrs = Attrs::new();
        attrs.push(number, payload);
        let (kind, links) = (kind.clone(), Vec::new());
        match nest {
            Nest::Link => Op::SetLink { name, link: attrs },
            Nest::Port => Op::SetPort {
                name,
                kind,
                data: attrs,
            },
            Nest::Data => Op::SetData {
                name,
                kind,
                data: attrs,
                links,
            },
        }
    };
    let mut all = Vec::new();
    for (number, payload) in attrs.iter() {
        for payload in bits(kind, nest, number, payload) {
            let (rows, value) = known(kind, nest, number, &payload);
            let op = single(number, &payload);
            all.push(Part { op, rows, value });
        }
    }
    all
}

/// The payload of flags and their mask, one for each bit of the mask; any other payload as it is.
fn bits(kind: &Kind, nest: Nest, number: u16, payload: &[u8]) -> Vec<Vec<u8>> {
    let is_bit = |row: &&Attr| matches!(row.wire, Wire::Bit(..));
    match (rows(kind, nest, number).iter().any(is_bit), masked(payload)) {
        (true, Some((flags, mask))) => {
            let bits = (0..u32::BITS).map(|bit| 1 << bit).filter(|bit| mask & bit != 0);
            let pair = |bit: u32| [(flags & bit).to_ne_bytes(), bit.to_ne_bytes()].concat();
            bits.map(pair).collect()
        }
        _ => vec![payload.to_vec()],
    }
}

/// The rows that an attribute stands for, and its value as in the file.
fn known(kind: &Kind, nest: Nest, number: u16, payload: &[u8]) -> (Vec<&'static Attr>, String) {
    let mask = masked(payload).map(|(_, mask)| mask);
    let meant = |row: &&'static Attr| match row.wire {
        Wire::Bit(_, bit) => mask == Some(bit),
        _ => true,
    };
    let rows: Vec<&'static Attr> = rows(kind, nest, number).into_iter().filter(meant).collect();
    let mut attrs = Attrs::new();
    attrs.push(number, payload);
    let value: Option<Value> = rows.first().and_then(|row| row.get(kind, &attrs));
    let shown = rows.first().zip(value).map(|(row, value)| row.show(&value));
    (rows, shown.unwrap_or_default())
}

fn rows(kind: &Kind, nest: Nest, number: u16) -> Vec<&'static Attr> {
    table::all().filter(|row| row.wire.is_in(nest, kind, number)).collect()
}
