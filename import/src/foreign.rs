//! Types that headers of the kernel define, and that a spec therefore does not.

/// Structs and unions of `include/uapi` that BPF programs and userspace have from there, sorted.
const UAPI: &[&str] = &[
    "__kernel_sockaddr_storage",
    "__kernel_timespec",
    "__sk_buff",
    "arphdr",
    "bpf_cgroup_storage_key",
    "bpf_cpumap_val",
    "bpf_devmap_val",
    "bpf_dynptr",
    "bpf_fib_lookup",
    "bpf_flow_keys",
    "bpf_insn",
    "bpf_insn_array_value",
    "bpf_iter_num",
    "bpf_lpm_trie_key",
    "bpf_lpm_trie_key_hdr",
    "bpf_perf_event_data",
    "bpf_perf_event_value",
    "bpf_pidns_info",
    "bpf_sock",
    "bpf_sock_addr",
    "bpf_sock_ops",
    "bpf_sock_tuple",
    "bpf_sockopt",
    "bpf_stack_build_id",
    "bpf_sysctl",
    "bpf_tcp_sock",
    "bpf_tunnel_key",
    "bpf_xfrm_state",
    "epoll_event",
    "ethhdr",
    "icmp6hdr",
    "icmphdr",
    "in6_addr",
    "in_addr",
    "io_uring_cqe",
    "io_uring_sqe",
    "iovec",
    "iphdr",
    "ipv6_opt_hdr",
    "ipv6hdr",
    "msghdr",
    "nlattr",
    "nlmsghdr",
    "perf_event_attr",
    "perf_event_header",
    "pollfd",
    "pt_regs",
    "rlimit",
    "rlimit64",
    "rusage",
    "sctphdr",
    "sk_msg_md",
    "sk_reuseport_md",
    "sockaddr",
    "sockaddr_in",
    "sockaddr_in6",
    "sockaddr_ll",
    "sockaddr_nl",
    "sockaddr_un",
    "stat",
    "statx",
    "tcp_info",
    "tcphdr",
    "timespec",
    "timeval",
    "udphdr",
    "user_pt_regs",
    "user_regs_struct",
    "utsname",
    "vlan_hdr",
    "xdp_md",
];

/// Whether a struct or union of this name is one of the kernel's headers for userspace.
pub(crate) fn is_uapi(name: &str) -> bool {
    UAPI.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(UAPI.is_sorted());
        assert!(is_uapi("in6_addr") && !is_uapi("event"));
    }
}
