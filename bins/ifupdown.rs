//! The commands of interfaces(5) in one file: ifup, ifdown, ifreload and ifquery, by the name it is called by.

fn main() {}
