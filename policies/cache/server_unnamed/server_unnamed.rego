# METADATA
# title: The certificate of the cache lacks a server's name
# description: >-
#   A client that follows a failover asks a sentinel for the primary, and connects to the server that it is told. A
#   server or a sentinel whose certificate does not hold its name is refused by every client that verifies it, and
#   only in an outage.
# custom:
#   id: CAC004
#   severity: error
#   owner: reliability
#   remediation: Render a Certificate, into the Secret of the servers, with the name of each pod and of the Service.
#   section: High Availability, 1. Redundancy
package cache.server_unnamed

import data.lib.kubernetes
import rego.v1

# The operator's names: the stateful set and its Service, and the Service through which clients reach it.
suffixes := {"RedisReplication": {"set": "", "service": "-master"}, "RedisSentinel": {"set": "-sentinel", "service": ""}}

examined contains servers if {
	some item in kubernetes.objects
	suffix := suffixes[item.kind]
	set := sprintf("%s%s", [item.name, suffix.set])
	pods := {sprintf("%s-%d.%s-headless.%s.svc", [set, index, set, item.namespace]) |
		some index in numbers.range(0, item.spec.clusterSize - 1)
	}
	servers := {
		"item": item,
		"secret": item.spec.TLS.secret.secretName,
		"names": pods | {sprintf("%s%s.%s.svc", [set, suffix.service, item.namespace])},
	}
}

held(servers) := {name |
	some certificate in kubernetes.of("Certificate", servers.item.namespace)
	certificate.spec.secretName == servers.secret
	some name in certificate.spec.dnsNames
}

deny contains denial if {
	some servers in examined
	some name in servers.names - held(servers)
	denial := {
		"id": "CAC004",
		"message": sprintf("no certificate of %s holds the name %s", [servers.item.name, name]),
		"path": ["redundancy", "application", "failover"],
		"file": servers.item.file,
		"pointer": "/spec",
	}
}
