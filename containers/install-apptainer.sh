#!/usr/bin/env bash
# Installs Apptainer into a folder of its own (default: .apptainer beside this checkout's Makefile, where make looks).
#
#   containers/install-apptainer.sh [PREFIX]
#
# For Debian 12, 13 and Ubuntu, on x86-64. It unpacks Debian unstable's package, verified by apt, with the C library
# that it was built for beside it, because Debian 12's is too old. The system's own C library stays as it is.
# Outside PREFIX it changes this, as root only, and says so: installs uidmap, squashfs-tools, squashfuse, fuse3, fakeroot
# and mmdebstrap, which need to be the system's; gives root a range of subordinate ids, which building under --fakeroot
# needs.
# DEBIAN_MIRROR names another mirror than that of the machine's package sources (needed on Ubuntu).
set -euo pipefail

say() { echo "install-apptainer: $*"; }
fail() { echo "install-apptainer: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")/.." && pwd)
prefix=$(realpath -m "${1:-$here/.apptainer}")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

[ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -m); install Apptainer the official way: https://apptainer.org"
command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null ||
  fail "apt and dpkg are missing: this is neither Debian nor Ubuntu. Official ways: https://apptainer.org"
[ -e "$keyring" ] || fail "$keyring is missing. As root: apt-get install debian-archive-keyring"

missing=()
for pair in newuidmap:uidmap mksquashfs:squashfs-tools fakeroot:fakeroot mmdebstrap:mmdebstrap \
  squashfuse:squashfuse fusermount3:fuse3; do
  command -v "${pair%%:*}" > /dev/null || missing+=("${pair#*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
  [ "$(id -u)" = 0 ] || fail "not installed: ${missing[*]}. Once, as root: apt-get install ${missing[*]}"
  say "installing the system's packages ${missing[*]}"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" > /dev/null
fi
if [ "$(id -u)" = 0 ]; then
  for ids in /etc/subuid /etc/subgid; do
    if ! grep -q '^root:' "$ids" 2> /dev/null; then
      say "adding root:100000:65536 to $ids"
      echo root:100000:65536 >> "$ids"
    fi
  done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(SITE) $(COMPONENT)' 'Created-By: Packages' |
  awk '$1 ~ /\/debian\/?$/ && $3 == "main" { print $1; exit }')}
[ -n "$mirror" ] || fail "the package sources name no Debian mirror; set DEBIAN_MIRROR to one"
mkdir -p "$work"/state/lists/partial "$work"/cache/archives/partial "$work"/debs "$work"/tree
for suite in sid trixie; do echo "deb [signed-by=$keyring] $mirror $suite main"; done > "$work/sources.list"
options=(-qq -o "Dir::State=$work/state" -o "Dir::Cache=$work/cache" -o "Dir::Etc::sourcelist=$work/sources.list"
  -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::status=/var/lib/dpkg/status
  -o Acquire::Languages=none -o APT::Sandbox::User=)
say "downloading from Debian's unstable and Debian 13"
apt-get "${options[@]}" update
(cd "$work/debs" && apt-get "${options[@]}" download apptainer/sid libc6/trixie libseccomp2/trixie \
  libsqlite3-0/trixie patchelf/trixie libstdc++6/trixie libgcc-s1/trixie)
for package in "$work"/debs/*.deb; do dpkg-deb --extract "$package" "$work/tree"; done

# The program finds its files relative to its own bin/. It looks for some of them under lib/ too.
built="$prefix.partial"
rm -rf "$built"
mkdir -p "$built/lib" "$built/var/lib/apptainer/mnt/session" "$built/lib/var/lib/apptainer/mnt/session"
multiarch=lib/x86_64-linux-gnu
cp -a "$work/tree/usr/bin" "$work/tree/etc" "$built/"
cp -a "$work/tree/usr/$multiarch" "$built/lib/"
[ -e "$built/bin/singularity" ] || ln -s apptainer "$built/bin/singularity" # what older tools, spython too, call it
ln -s ../etc "$built/lib/etc"
# Containers that run at the same time then share what is in memory of an image; otherwise each reads it anew.
sed -i 's/^shared loop devices = .*/shared loop devices = yes/' "$built/etc/apptainer/apptainer.conf"
loader="$prefix/$multiarch/ld-linux-x86-64.so.2"
# patchelf itself is built for that C library.
patchelf() {
  "$built/$multiarch/ld-linux-x86-64.so.2" --library-path "$built/$multiarch" "$built/bin/patchelf" "$@"
}
for program in "$built/bin/apptainer" "$built/$multiarch/apptainer/bin/starter"; do
  patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$prefix/$multiarch" "$program"
done
rm "$built/bin/patchelf"
rm -rf "$prefix"
mv "$built" "$prefix"
"$prefix/bin/apptainer" --version > /dev/null || fail "the installed program does not start"
say "$("$prefix/bin/apptainer" --version) is in $prefix; add $prefix/bin to PATH to use it (make does)"
