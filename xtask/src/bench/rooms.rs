//! A room for each measurement: the host's files and network are never touched.

use std::path::Path;

use cleat_netns::Room;

/// Runs `work` on a thread of its own in a fresh room with an empty /etc/network, empty hook directories, and
/// private state directories.
///
/// *Errors*: those of `work`, and a room that cannot be had.
pub fn inside<T: Send>(work: impl FnOnce(&Room) -> Result<T, String> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let room = Room::enter().map_err(|error| error.to_string())?;
            furnish(&room).map_err(|error| format!("cannot set up the room's files: {error}"))?;
            let result = work(&room);
            sweep();
            result
        });
        thread
            .join()
            .unwrap_or_else(|_| Err("the measuring thread panicked".to_owned()))
    })
}

fn furnish(room: &Room) -> std::io::Result<()> {
    room.private_etc()?;
    for phase in ["pre-up", "up", "post-up", "pre-down", "down", "post-down"] {
        std::fs::create_dir(format!("/etc/network/if-{phase}.d"))?;
    }
    std::fs::create_dir("/run/network")?;
    room.private_copy("/var/tmp", &["network"])?;
    std::fs::create_dir("/var/tmp/network")
}

/// Writes the room's /etc/network/interfaces.
pub fn write_interfaces(text: &str) -> Result<(), String> {
    let path = Path::new("/etc/network/interfaces");
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Deletes all links of the room at once. Left to the end of the namespace they would go in the background, with the
/// kernel's network lock held, into the next measurement.
fn sweep() {
    use std::fmt::Write as _;
    let links = cleat_netns::ip_json(&["link"]);
    let mut batch = String::new();
    for name in links
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|link| link["ifname"].as_str())
    {
        if name != "lo" {
            // Writing to a String cannot fail.
            let _ = writeln!(batch, "link set dev {name} group 4242");
        }
    }
    if batch.is_empty() {
        return;
    }
    let file = Path::new("/run/sweep");
    let swept = std::fs::write(file, batch)
        .map_err(|error| error.to_string())
        .and_then(|()| cleat_netns::try_run("ip -batch /run/sweep"))
        .and_then(|_| cleat_netns::try_run("ip link delete group 4242"));
    if let Err(error) = swept {
        // Not a wrong result, only a noisier one: the namespace's end deletes what is left.
        eprintln!("cannot delete the links at once: {error}");
    }
}
