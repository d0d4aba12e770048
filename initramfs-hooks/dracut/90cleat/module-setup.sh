#!/bin/bash
# Takes the .link files of every directory into the initramfs, each to where udev looks for it, and cleat-early with
# them. dracut's own modules take none of /usr/local/lib/systemd/network, and without a network module none at all.

check() {
    return 0
}

depends() {
    echo udev-rules
}

install() {
    local directory file
    for directory in /usr/lib/systemd/network /usr/local/lib/systemd/network /etc/systemd/network; do
        for file in "$directory"/*.link "$directory"/*.link.d/*.conf; do
            [[ -e $file ]] || continue
            # The file itself, not a link to it; of a link to /dev/null an empty file, which masks as well.
            mkdir -p "${initdir-}${file%/*}"
            cp -L "$file" "${initdir-}$file"
        done
    done
    inst_binary /usr/lib/cleat/cleat-early
    inst_hook pre-pivot 90 "${moddir-}/cleat-early.sh"
}
