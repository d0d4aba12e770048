//! Every path that the project reads or writes, as it is below `/`.

/// The network configuration.
pub const INTERFACES: &str = "/etc/network/interfaces";
/// The configuration that Proxmox VE's web interface stages, to become [`INTERFACES`] at boot or on apply.
pub const INTERFACES_NEW: &str = "/etc/network/interfaces.new";
/// Further configuration files, where `source` lines name them.
pub const INTERFACES_D: &str = "/etc/network/interfaces.d";
/// Our own settings.
pub const CONFIG: &str = "/etc/cleat/cleat.toml";

/// What the commit of a staged configuration has to keep on the file system of [`INTERFACES`]: /var may come later.
pub const COMMIT_DIR: &str = "/etc/cleat/commit";
/// From which file a staged one was made, by whom, and the files that go with it.
pub const STAGED_RECORD: &str = "/etc/cleat/commit/staged.json";
/// The commit that is being written, or that waits to be confirmed.
pub const TRANSACTION: &str = "/etc/cleat/commit/transaction.json";
/// Number and digest of the newest generation.
pub const LAST_GENERATION: &str = "/etc/cleat/commit/last.json";
/// Generations that wait for [`GENERATIONS`] to be mounted.
pub const SPOOL: &str = "/etc/cleat/commit/spool";
/// Every configuration that was committed, by number.
pub const GENERATIONS: &str = "/var/lib/cleat/generations";
/// Our own files beside the interfaces file, as globs: pins, in each directory that they may be in, and sysctl snippets.
/// A generation holds them.
pub const OUR_FILES: [&str; 3] = [
    "/etc/systemd/network/*-cleat-*.link",
    "/usr/local/lib/systemd/network/*-cleat-*.link",
    "/etc/sysctl.d/*-cleat*.conf",
];
/// Where our programs write files that take the place of others.
pub const WRITTEN: [&str; 4] = ["/etc/network", "/etc/cleat/commit", "/var/lib/cleat", RUN_DIR];
/// What is mounted.
pub const PROC_MOUNTS: &str = "/proc/self/mountinfo";
/// A name for this boot, another one after each start of the kernel.
pub const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Scripts that run before an interface comes up.
pub const IF_PRE_UP_D: &str = "/etc/network/if-pre-up.d";
/// Scripts that run when an interface came up.
pub const IF_UP_D: &str = "/etc/network/if-up.d";
/// As [`IF_UP_D`], run behind it; only ifupdown2 has it.
pub const IF_POST_UP_D: &str = "/etc/network/if-post-up.d";
/// Scripts that run before an interface goes down; only ifupdown2 has it.
pub const IF_PRE_DOWN_D: &str = "/etc/network/if-pre-down.d";
/// Scripts that run when an interface goes down.
pub const IF_DOWN_D: &str = "/etc/network/if-down.d";
/// Scripts that run when an interface went down.
pub const IF_POST_DOWN_D: &str = "/etc/network/if-post-down.d";

/// Our files that live until the next boot.
pub const RUN_DIR: &str = "/run/cleat";
/// What we made or set, and what is up.
pub const STATE: &str = "/run/cleat/state.json";
/// The steps begun and done of a run that is going on or was cut short.
pub const JOURNAL: &str = "/run/cleat/journal";
/// The configuration that is on trial.
pub const TRIAL: &str = "/run/cleat/try.json";
/// Held by who waits for the confirmation of a trial.
pub const TRIAL_WATCH: &str = "/run/cleat/try.watch";
/// There while a trial is guarded.
pub const TRIAL_GUARD: &str = "/run/cleat/try.guard";
/// Held by the guard of a trial.
pub const TRIAL_GUARD_LOCK: &str = "/run/cleat/try.guard.lock";
/// The kernel before a change of `cleat-commit` that may be taken back.
pub const TRIAL_BEFORE: &str = "/run/cleat/try.before";
/// The kernel when that change had become live.
pub const TRIAL_LIVE: &str = "/run/cleat/try.live";
/// What was not as before when a change had been taken back.
pub const NOT_AS_BEFORE: &str = "/run/cleat/not-as-before.json";
/// Why the staged configuration was refused when this machine booted.
pub const REFUSED: &str = "/run/cleat/refused.json";
/// The generation that this boot is the first with.
pub const FIRST_BOOT: &str = "/run/cleat/first-boot.json";
/// Held while the network is being changed.
pub const LOCK: &str = "/run/cleat/lock";
/// The lock that ifupdown2 holds while it changes the network; held as well, so that both never run at once.
pub const NETWORK_LOCK: &str = "/run/network/.lock";
/// The directory of [`NETWORK_LOCK`]; Debian's hook scripts write there too.
pub const RUN_NETWORK: &str = "/run/network";
/// The lock that Proxmox VE holds while it writes the staged configuration.
pub const PVE_INTERFACES_LOCK: &str = "/etc/network/.pve-interfaces.lock";

/// The directories of sysctl.d(5), the one that counts most first. The last is that of a system without a merged /usr.
pub const SYSCTL_D: [&str; 5] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
];
/// Settings that sysctl(8) reads, and systemd-sysctl only where a link in [`SYSCTL_D`] leads here.
pub const SYSCTL_CONF: &str = "/etc/sysctl.conf";

/// Kernel settings; `a.b` is the file `a/b` here.
pub const PROC_SYS: &str = "/proc/sys";
/// IPv4 settings per interface.
pub const PROC_SYS_IPV4_CONF: &str = "/proc/sys/net/ipv4/conf";
/// IPv6 settings per interface.
pub const PROC_SYS_IPV6_CONF: &str = "/proc/sys/net/ipv6/conf";
/// All file locks that are held.
pub const PROC_LOCKS: &str = "/proc/locks";
/// The kernel command line.
pub const PROC_CMDLINE: &str = "/proc/cmdline";
/// Host name of the running kernel.
pub const PROC_HOSTNAME: &str = "/proc/sys/kernel/hostname";
/// Machine that the kernel runs on: `uname -m`; since Linux 6.1.
pub const PROC_ARCH: &str = "/proc/sys/kernel/arch";
/// Number of this installation.
pub const MACHINE_ID: &str = "/etc/machine-id";
/// .link files of the administrator, and ours.
pub const ETC_LINK_FILES: &str = "/etc/systemd/network";
/// .link files that live until the next boot.
pub const RUN_LINK_FILES: &str = "/run/systemd/network";
/// .link files of what was installed beside the distribution; Proxmox VE's pins are here.
pub const LOCAL_LINK_FILES: &str = "/usr/local/lib/systemd/network";
/// .link files of the distribution.
pub const USR_LINK_FILES: &str = "/usr/lib/systemd/network";
/// What was there before `cleat-link pin`, while it is at work.
pub const LINK_RECORD: &str = "/var/lib/cleat/link-record.json";
/// The administrator's settings of the kernel, as a glob.
pub const ETC_SYSCTL_SNIPPETS: &str = "/etc/sysctl.d/*.conf";
/// The addresses that the configuration's NICs had when it was last up.
pub const SAVED_NICS: &str = "/var/lib/cleat/nics.json";
/// udev's database.
pub const UDEV_DATA: &str = "/run/udev/data";
/// Network interfaces.
pub const SYS_CLASS_NET: &str = "/sys/class/net";
/// PCI slots: a directory each, with the address that it belongs to.
pub const SYS_PCI_SLOTS: &str = "/sys/bus/pci/slots";
/// The devicetree, on machines that have one: a link into /sys.
pub const PROC_DEVICE_TREE: &str = "/proc/device-tree";
/// Where systemd looks for a credential that a unit wants: what it was started with, then the stores.
pub const CREDENTIALS: [&str; 4] = [
    "/run/credentials/@system",
    "/etc/credstore",
    "/run/credstore",
    "/usr/lib/credstore",
];
/// The program that the kernel starts for a module that it needs.
pub const PROC_MODPROBE: &str = "/proc/sys/kernel/modprobe";
/// Release of the running kernel.
pub const PROC_OSRELEASE: &str = "/proc/sys/kernel/osrelease";
/// The directories of .link files that last over a boot, the highest precedence first (systemd.link(5)). On a system
/// without a merged /usr the last is one of its own; elsewhere it is the one before.
pub const LINK_FILES: [&str; 4] = [
    "/etc/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
];
/// The program that the initramfs carries.
pub const EARLY: &str = "/usr/lib/cleat/cleat-early";
/// Our hook of initramfs-tools.
pub const INITRAMFS_TOOLS_HOOK: &str = "/usr/share/initramfs-tools/hooks/cleat";
/// Our module of dracut.
pub const DRACUT_MODULE: &str = "/usr/lib/dracut/modules.d/90cleat/module-setup.sh";
/// Kernels and their initramfs.
pub const BOOT: &str = "/boot";
/// The modules of each kernel that is installed, in a directory by its release.
pub const MODULES: &str = "/usr/lib/modules";
/// The boot partitions that proxmox-boot-tool(8) writes, a UUID a line.
pub const PROXMOX_BOOT_UUIDS: &str = "/etc/kernel/proxmox-boot-uuids";
/// Says that systemd runs in a container, and in which kind.
pub const CONTAINER: &str = "/run/systemd/container";
/// UEFI's variables, where the kernel was started by UEFI.
pub const EFI_VARIABLES: &str = "/sys/firmware/efi/efivars";
/// GRUB's settings.
pub const DEFAULT_GRUB: &str = "/etc/default/grub";
/// Further settings of GRUB, `*.cfg`, read behind [`DEFAULT_GRUB`] in the order of their names.
pub const DEFAULT_GRUB_D: &str = "/etc/default/grub.d";
/// Our settings of GRUB: last in their directory, so that no other file takes the word out again.
pub const GRUB_SCHEME: &str = "/etc/default/grub.d/zz-cleat-naming-scheme.cfg";
/// What GRUB boots by, made by update-grub.
pub const GRUB_CFG: &str = "/boot/grub/grub.cfg";
/// The kernel command line as kernel-install(8), proxmox-boot-tool(8) and u-boot-update(8) take it.
pub const KERNEL_CMDLINE: &str = "/etc/kernel/cmdline";
/// The distribution's, where [`KERNEL_CMDLINE`] is not there.
pub const VENDOR_CMDLINE: &str = "/usr/lib/kernel/cmdline";
/// Settings of kernel-install(8).
pub const KERNEL_INSTALL_CONF: &str = "/etc/kernel/install.conf";
/// Where the boot partition of systemd-boot is mounted, in the order of bootctl(1).
pub const BOOT_PARTITIONS: [&str; 3] = ["/efi", "/boot/efi", "/boot"];
/// What U-Boot and extlinux boot by.
pub const EXTLINUX_CONF: &str = "/boot/extlinux/extlinux.conf";
/// Settings of u-boot-update(8).
pub const DEFAULT_U_BOOT: &str = "/etc/default/u-boot";
/// Further settings of u-boot-update(8), `*.conf`, read behind [`DEFAULT_U_BOOT`].
pub const U_BOOT_CONF_D: [&str; 2] = ["/usr/share/u-boot-menu/conf.d", "/etc/u-boot-menu/conf.d"];
/// Our settings of u-boot-update(8).
pub const U_BOOT_SCHEME: &str = "/etc/u-boot-menu/conf.d/zz-cleat-naming-scheme.conf";
/// What `cleat-scheme` changed, to be undone.
pub const SCHEME_RECORD: &str = "/var/lib/cleat/scheme.json";
/// File systems and where they are mounted.
pub const FSTAB: &str = "/etc/fstab";
/// What `cleat-early` found when it compared the .link files of the initramfs with the root's.
pub const INITRAMFS_VERDICT: &str = "/run/cleat/initramfs";
/// The kernel's log.
pub const KMSG: &str = "/dev/kmsg";
