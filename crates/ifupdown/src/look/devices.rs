//! Waiting for the NICs that the configuration names, and for no others.

use cleat_root::{Root, paths};
use log::{debug, info};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a missing NIC is waited for while the machine boots.
const AT_BOOT: Duration = Duration::from_secs(10);
/// For how long after its start a machine is taken to be booting. *Units*: seconds of /proc/uptime.
const BOOT_ENDS: f64 = 180.0;
/// How long a NIC that is there may take until udev is done with it, after boot too: it may be about to be renamed.
/// Longer than one that is missing is waited for, as this one is known to be there: on a machine that has much else to do
/// when it boots, udev comes late.
const FOR_UDEV: Duration = Duration::from_secs(30);
/// How often the kernel is looked at where nothing tells of new devices.
const POLL: Duration = Duration::from_millis(100);

/// A NIC that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// There is no link of that name.
    Missing,
    /// There is one, but udev has not handled it yet: it may still get another name.
    Unhandled,
    /// It is there under another name, and will get this one from udev.
    Unnamed,
}

/// What came of waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waited<'a> {
    /// Whether there was anything to wait for.
    pub slept: bool,
    /// The NICs that did not come, in the order named.
    pub missing: Vec<&'a str>,
}

/// Waits until all NICs of `names` are there and handled by udev, or until the limit is over.
///
/// *Shape*: the monitor is opened first and the devices looked at then, so that none is missed in between. Never waits
/// for anything that is not named. Where there is no udev (a container, the initramfs before udev), nothing is known of
/// handling and only the links themselves count.
///
/// *Units*: `limit` for missing links; `None` is 10 s while the machine boots, else 0. `unnamed` tells whether the one of a
/// name is there under another one, and udev has still to come to it.
pub fn wait<'a>(root: &Root, names: &[&'a str], limit: Option<Duration>, unnamed: &dyn Fn(&str) -> bool) -> Waited<'a> {
    let udev = root.is_real() && root.exists("/run/udev/control") && in_udevs_namespace(root);
    let lacking = |names: &[&'a str]| -> Vec<(&'a str, Lack)> {
        let found = names.iter().filter_map(|name| match lack(root, name, udev) {
            // Another NIC may have the name meanwhile.
            None | Some(Lack::Missing) if unnamed(name) => Some((*name, Lack::Unnamed)),
            other => Some((*name, other?)),
        });
        found.collect()
    };
    // Only read what is lacking once before a monitor is opened: most runs need none.
    let mut open = lacking(names);
    let limit = limit.unwrap_or_else(|| if udev && booting(root) { AT_BOOT } else { Duration::ZERO });
    if open.is_empty() {
        return Waited::default();
    }
    let began = Instant::now();
    let monitor = if udev { monitor() } else { None };
    let mut told = false;
    loop {
        open = lacking(names);
        let waits = open.iter().map(|(_, lack)| match lack {
            Lack::Missing => limit,
            Lack::Unhandled | Lack::Unnamed => limit.max(FOR_UDEV),
        });
        let left = waits.max().unwrap_or_default().saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        if !told {
            let list: Vec<&str> = open.iter().map(|(name, _)| *name).collect();
            info!("waiting up to {} s for {}", left.as_secs_f32().ceil(), list.join(", "));
            told = true;
        }
        sleep(
            monitor.as_ref(),
            left.min(if monitor.is_some() {
                Duration::from_secs(1)
            } else {
                POLL
            }),
        );
    }
    if told {
        debug!("waited {} ms for devices", began.elapsed().as_millis());
    }
    let missing = open.iter().filter(|(_, lack)| *lack != Lack::Unhandled);
    Waited {
        slept: told,
        missing: missing.map(|(name, _)| *name).collect(),
    }
}

/// Whether udev is done with a NIC that is there: it will give it no other name. Always so where there is no udev.
///
/// `pin` is the .link file that is to name it: what udev has noted of the NIC may be from the initramfs, where that file
/// was not; only while the machine boots is it still to come.
pub fn is_handled(root: &Root, name: &str, pin: Option<&Path>) -> bool {
    let udev = root.is_real() && root.exists("/run/udev/control") && in_udevs_namespace(root);
    if lack(root, name, udev) == Some(Lack::Unhandled) {
        return false;
    }
    let Some(pin) = pin.filter(|_| udev && booting(root)) else {
        return true;
    };
    let device = udev::Device::from_subsystem_sysname("net".to_owned(), name.to_owned());
    // One that is gone meanwhile has another name now, which nobody waits for.
    device.map_or(true, |device| {
        device.property_value("ID_NET_LINK_FILE") == Some(pin.as_os_str())
    })
}

fn lack(root: &Root, name: &str, udev: bool) -> Option<Lack> {
    if !root.exists(Path::new(paths::SYS_CLASS_NET).join(name)) {
        return Some(Lack::Missing);
    }
    if !udev {
        return None;
    }
    let device = udev::Device::from_subsystem_sysname("net".to_owned(), name.to_owned()).ok()?;
    (!device.is_initialized()).then_some(Lack::Unhandled)
}

/// udevd hears of the devices of its own network namespace only. A unit that may not look at other processes
/// (cleat-online.service) is in that one.
fn in_udevs_namespace(root: &Root) -> bool {
    let link = |process: &str| root.read_link(format!("/proc/{process}/ns/net")).ok();
    let udevs = link("1");
    udevs.is_none() || udevs == link("thread-self")
}

fn booting(root: &Root) -> bool {
    let uptime = root.read_text("/proc/uptime").unwrap_or_default();
    let seconds = uptime.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    seconds.is_some_and(|seconds| seconds < BOOT_ENDS)
}

fn monitor() -> Option<udev::MonitorSocket> {
    udev::MonitorBuilder::new()
        .ok()?
        .match_subsystem("net")
        .ok()?
        .listen()
        .ok()
}

/// Sleeps until udev tells of a device, or for that long; takes all that was told.
fn sleep(monitor: Option<&udev::MonitorSocket>, longest: Duration) {
    let Some(monitor) = monitor else {
        std::thread::sleep(longest);
        return;
    };
    let timeout = PollTimeout::try_from(longest).unwrap_or(PollTimeout::MAX);
    let mut wanted = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
    // An interrupted poll only looks again earlier.
    let _ = poll(&mut wanted, timeout);
    for event in monitor.iter() {
        debug!("udev: {} {}", event.event_type(), event.sysname().to_string_lossy());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all(paths::SYS_CLASS_NET).unwrap();
        for name in names {
            root.create_dir_all(Path::new(paths::SYS_CLASS_NET).join(name)).unwrap();
        }
        tree
    }

    #[test]
    fn what_is_there_is_not_waited_for() {
        let tree = tree(&["eno1", "eno2"]);
        let missing = wait(
            &Root::at(tree.path()),
            &["eno1", "eno2"],
            Some(Duration::from_secs(30)),
            &|_| false,
        );
        assert_eq!(missing, Waited::default());
    }

    #[test]
    fn the_missing_are_named_when_the_limit_is_over() {
        let tree = tree(&["eno1"]);
        let began = Instant::now();
        let missing = wait(
            &Root::at(tree.path()),
            &["eno3", "eno1", "eno2"],
            Some(Duration::from_millis(250)),
            &|_| false,
        );
        assert!(missing.slept);
        assert_eq!(missing.missing, ["eno3", "eno2"]);
        assert!(began.elapsed() >= Duration::from_millis(250));
    }

    /// A link that is there from the third look on, however slow the machine is: no test depends on a clock.
    fn comes_at_the_third_look<'a>(root: &'a Root, link: &'a str) -> impl Fn() + 'a {
        let looks = std::cell::Cell::new(0);
        move || {
            looks.set(looks.get() + 1);
            if looks.get() == 3 {
                root.create_dir_all(Path::new(paths::SYS_CLASS_NET).join(link)).unwrap();
            }
        }
    }

    #[test]
    fn a_nic_that_comes_in_time_ends_the_wait() {
        let tree = tree(&[]);
        let root = Root::at(tree.path());
        let look = comes_at_the_third_look(&root, "eno9");
        let unnamed = |_: &str| {
            look();
            false
        };
        let missing = wait(&root, &["eno9"], Some(Duration::from_secs(300)), &unnamed);
        assert!(missing.slept && missing.missing.is_empty(), "{missing:?}");
    }

    /// A missing one may be waited for no longer, the other is there and will get its name.
    #[test]
    fn a_nic_that_has_still_to_be_named_is_waited_for_longer_than_a_missing_one() {
        let tree = tree(&[]);
        let root = Root::at(tree.path());
        let look = comes_at_the_third_look(&root, "eno1");
        let unnamed = |name: &str| {
            let still = name == "eno1" && !root.exists("/sys/class/net/eno1");
            if still {
                look();
            }
            still
        };
        let waited = wait(&root, &["eno1", "eno2"], Some(Duration::ZERO), &unnamed);
        assert_eq!((waited.slept, waited.missing), (true, vec!["eno2"]));
    }

    /// Cards were moved: the name is another NIC's, and the one that is meant has a pin's name to come.
    #[test]
    fn a_nic_that_has_still_to_be_named_is_waited_for_though_its_old_name_is_there() {
        let tree = tree(&["enp0s1", "enp0s2"]);
        let root = Root::at(tree.path());
        let look = comes_at_the_third_look(&root, "nic0");
        let unnamed = |_: &str| {
            look();
            !root.exists("/sys/class/net/nic0")
        };
        let waited = wait(&root, &["enp0s1"], Some(Duration::ZERO), &unnamed);
        assert_eq!((waited.slept, waited.missing), (true, vec![]));
        assert!(root.exists("/sys/class/net/nic0"), "it was waited for");
    }

    #[test]
    fn without_a_limit_nothing_is_waited_for_where_there_is_no_udev() {
        let tree = tree(&[]);
        let missing = wait(&Root::at(tree.path()), &["eno1"], None, &|_| false);
        assert_eq!((missing.slept, missing.missing), (false, vec!["eno1"]));
    }
}
