#!/bin/sh
# Makes this machine a node of its pair, from /etc/cloudfail/cloudfail.toml and first-boot.env. cloud-init
# runs it once; by hand it may run at any time: it does what is missing, and nothing twice.
# Exit code 0: keepalived and the agent run, and `cloudfail doctor --no-adverts` finds nothing wrong.
# shellcheck disable=SC2015,SC2317 # A && B || C is meant so; functions are called by name
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

me=cloudfail-first-boot
settings=/etc/cloudfail/first-boot.env
config=/etc/cloudfail/cloudfail.toml
before=/etc/cloudfail/before-keepalived.sh
home=/opt/cloudfail
library=/usr/local/lib/cloudfail
log=/var/log/$me.log
report=/var/log/cloudfail-doctor.log
# Networks, package indexes and new permissions come late: ten minutes for each.
tries=${FIRST_BOOT_TRIES:-60}
pause=${FIRST_BOOT_PAUSE:-10}
step='the settings'

say() { echo "$me: $*"; }
fail() { # fail WHAT REMEDY: the last line that anybody sees
    say "FAILED: $1. What to do: $2; then run $me again. All of it: $log"
    trap - EXIT
    exit 1
}
unexpected() {
    code=$?
    [ "$code" -eq 0 ] || say "FAILED: $step (exit code $code). What to do: read $log, then run $me again"
}
have() { command -v "$1" >/dev/null 2>&1; }
run() { # run WHAT FUNCTION: what fails in it is said with these words
    step=$1
    "$2"
}

patiently() { # patiently COMMAND...: until it succeeds, or there was time enough
    left=$tries
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        say "not yet: $*; again in $pause s, $left times at most"
        sleep "$pause"
    done
}

# ---- packages ------------------------------------------------------------------------------------
apt_install() {
    apt-get -q -o DPkg::Lock::Timeout=60 update &&
        apt-get -q -y -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confold install --no-install-recommends "$@"
}
dnf_install() { dnf -q -y install --setopt=install_weak_deps=False "$@"; }
install_packages() {
    if have apt-get; then
        patiently apt_install "$@"
    elif have dnf; then
        patiently dnf_install "$@"
    else
        fail "neither apt-get nor dnf is here to install $*" 'use Debian 12 or newer, Ubuntu 24.04, Amazon Linux 2023 or RHEL 9, or an image that has them'
    fi
}

can_make_venv() { have "$1" && "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
find_python() {
    for python in python3 python3.13 python3.12 python3.11; do
        can_make_venv "$python" && return 0
    done
    return 1
}
is_offered() {
    if have apt-get; then
        apt-cache show "$1" >/dev/null 2>&1
    else
        dnf -q info "$1" >/dev/null 2>&1
    fi
}
install_python() {
    have apt-get && patiently apt-get -q -o DPkg::Lock::Timeout=60 update
    for name in python3 python3.13 python3.12 python3.11; do
        if [ "$name" = python3 ]; then
            # That of the system, where it is new enough and only its venv is missing.
            have apt-get && python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue
        else
            is_offered "$name" || continue
        fi
        if have apt-get; then set -- "$name" "$name-venv"; else set -- "$name"; fi
        install_packages "$@" && find_python && return 0
    done
    return 1
}
packages() {
    have keepalived || install_packages keepalived ||
        fail 'keepalived could not be installed' 'see above; is the package in this image'"'"'s repositories, and is there a way to them'
    find_python || install_python ||
        fail 'there is no Python 3.11 or newer here, nor a package of one' 'use Debian 12 or newer, Ubuntu 24.04, Amazon Linux 2023 or RHEL 9'
}

# ---- cloudfail -----------------------------------------------------------------------------------
make_venv() {
    "$home/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    rm -rf "$home"
    "$python" -m venv "$home"
}
pip_install() { "$home/bin/python" -m pip install -q "$@"; }
fetch() { # fetch secret|object ID FILE, as the role of this machine
    REGION=${REGION:-} CLIENT_ID=${CLIENT_ID:-} "$home/bin/python" "$library/fetch.py" "$@"
}
sdk_of() {
    case $PROVIDER in
    aws) echo 'boto3>=1.40' ;;
    gcp) echo 'google-auth[requests]>=2.30' ;;
    azure) echo 'azure-identity>=1.19' ;;
    esac
}
is_in_bucket() {
    case $WHEEL_URL in
    s3://* | gs://* | https://*.blob.core.*) return 0 ;;
    esac
    return 1
}
wheel() { # where pip finds it; one in a bucket needs the cloud's SDK first
    is_in_bucket || return 0
    patiently pip_install "$(sdk_of)" || return 1
    file=/var/cache/$me/${WHEEL_URL##*/}
    patiently fetch object "$WHEEL_URL" "$file" || return 1
    WHEEL_URL=file://$file
}
cloudfail_itself() {
    wanted=${WHEEL_URL:-$REQUIREMENT}
    make_venv
    if [ "$(cat "$home/installed" 2>/dev/null)" != "$wanted" ] || ! "$home/bin/cloudfail" --version >/dev/null; then
        [ -z "${INDEX_URL:-}" ] || export PIP_INDEX_URL="$INDEX_URL"
        if [ -n "${WHEEL_URL:-}" ]; then
            wheel || fail "$WHEEL_URL could not be fetched" "see above; does it exist, and may this machine's role read it"
            REQUIREMENT="cloudfail[$PROVIDER] @ $WHEEL_URL"
        fi
        patiently pip_install "$REQUIREMENT" ||
            fail "pip could not install $REQUIREMENT" "see above; is there a way to ${INDEX_URL:-https://pypi.org/simple}"
        echo "$wanted" >"$home/installed"
        is_new=yes
    fi
    [ "$(readlink /usr/local/bin/cloudfail)" = "$home/bin/cloudfail" ] || ln -sfn "$home/bin/cloudfail" /usr/local/bin/cloudfail
}

# keepalived_t may neither run it nor connect to an API (keepalived_selinux(8)).
label() {
    [ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ] || return 0
    have semanage || install_packages policycoreutils-python-utils
    semanage fcontext -a -t keepalived_unconfined_script_exec_t "$home/bin/cloudfail" 2>/dev/null ||
        semanage fcontext -m -t keepalived_unconfined_script_exec_t "$home/bin/cloudfail"
    restorecon "$home/bin/cloudfail"
}

# firewalld, which Red Hat's images for Azure have on, drops adverts: every node would be master.
let_adverts_in() {
    systemctl is-active -q firewalld || return 0
    for protocol in vrrp ah; do
        firewall-cmd -q --permanent --add-protocol="$protocol"
        firewall-cmd -q --add-protocol="$protocol"
    done
}

# ---- what the configuration asks for -------------------------------------------------------------
secret() {
    [ -n "${SECRET:-}" ] || return 0
    patiently fetch secret "$SECRET" "$SECRET_FILE" ||
        fail "the secret $SECRET could not be fetched" "see above; does it exist, and may this machine's role read it"
}
own_commands() { [ ! -e "$before" ] || sh -e "$before"; }
check() { cloudfail config check; }
name_here() { # Debian's name of a package, as this machine calls it
    if have apt-get; then
        case $1 in
        polkitd) is_offered polkitd && echo polkitd || echo policykit-1 ;;
        *) echo "$1" ;;
        esac
    else
        case $1 in
        polkitd) echo polkit ;;
        procps) echo procps-ng ;;
        *) echo "$1" ;;
        esac
    fi
}
is_installed() {
    if have dpkg-query; then
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
    else
        rpm -q --whatprovides "$1" >/dev/null 2>&1
    fi
}
more_packages() {
    cloudfail generate --output cloud-init >"$work/cloud-init"
    set --
    # shellcheck disable=SC2013 # one word a line
    for package in $(sed -n '/^packages:$/,/^write_files:$/s/^  - //p' "$work/cloud-init"); do
        [ "$package" != keepalived ] || continue
        package=$(name_here "$package")
        is_installed "$package" || set -- "$@" "$package"
    done
    [ $# -eq 0 ] || install_packages "$@" || fail "$* could not be installed" 'see above; is there a way to the repositories'
}
take_up() {
    if systemctl is-active -q keepalived; then
        cloudfail generate --install --reload
        [ -z "$is_new" ] || [ ! -e /etc/systemd/system/cloudfail-agent.service ] || systemctl try-restart cloudfail-agent
    else
        cloudfail generate --install
        systemd-sysusers cloudfail.conf
        systemd-tmpfiles --create cloudfail.conf
        [ ! -e /etc/sysctl.d/60-cloudfail.conf ] || sysctl -q -p /etc/sysctl.d/60-cloudfail.conf
        systemctl daemon-reload
    fi
    systemctl is-enabled -q keepalived 2>/dev/null || systemctl enable keepalived
    systemctl is-active -q keepalived || systemctl start keepalived
}

# A peer that is not there yet is no failure of this node: what concerns it is told, and no more.
examine() { cloudfail doctor --no-adverts >"$work/report"; }
examination() {
    said='nothing wrong'
    cloudfail doctor >"$work/report" || {
        patiently examine || {
            sed -n '/^FAILED/,/^ *->/p' "$work/report"
            install -m 644 "$work/report" "$report"
            fail "cloudfail doctor found $(grep -c '^FAILED' "$work/report") thing(s) wrong; keepalived runs all the same" "what $report says"
        }
        cloudfail doctor >"$work/report" || said='nothing wrong with this node; of its peers and their adverts see cloudfail doctor'
    }
    install -m 644 "$work/report" "$report"
}

main() {
    trap unexpected EXIT
    say "begins at $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    is_new=''
    [ -r "$settings" ] && [ -r "$config" ] || fail "$settings or $config is not there" 'write it: user data did'
    # shellcheck disable=SC1090,SC1091
    . "$settings"
    run 'installing packages' packages
    run 'installing cloudfail' cloudfail_itself
    run 'the label for SELinux' label
    run 'letting adverts through firewalld' let_adverts_in
    run 'fetching the secret' secret
    run "$before" own_commands
    run "checking $config" check
    run 'installing what the configuration needs' more_packages
    run 'cloudfail generate --install, and starting keepalived' take_up
    run 'cloudfail doctor' examination
    trap - EXIT
    say "done: $(cloudfail version 2>/dev/null | head -n 1); doctor found $said ($report)"
}

# All that is said goes to the log too; a pipe has the exit code of its end, so it is kept.
if [ "${1:-}" = --inside ]; then
    work=$2
    main
    exit
fi
[ "$(id -u)" -eq 0 ] || { say "FAILED: only root can install. What to do: sudo $me" && exit 1; }
exec 9>/run/$me.lock
flock -n 9 || { say "FAILED: another run is at it. What to do: wait for it: tail -f $log" && exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$log"
chmod 640 "$log"
{ "$0" --inside "$work" 2>&1 9>&- && echo 0 >"$work/code" || echo $? >"$work/code"; } | tee -a "$log"
exit "$(cat "$work/code")"
