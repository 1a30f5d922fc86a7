"""The lab: an embedded cloud and real keepalived nodes in namespaces, to rehearse failovers on."""
