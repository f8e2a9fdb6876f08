# METADATA
# title: Rendered stores
# description: The objects that operators make PostgreSQL of, and the numbers that they hold as text.
package lib.stores

import data.lib.kubernetes
import rego.v1

# clusters holds every Cluster of PostgreSQL.
clusters contains item if {
	some item in kubernetes.objects
	item.kind == "Cluster"
}

# counts returns the numbers of instances that a Cluster may have: its own, and each to which it is scaled.
counts(cluster) := {instances |
	some scaled in kubernetes.of("ScaledObject", cluster.namespace)
	scaled.spec.scaleTargetRef.kind == "Cluster"
	scaled.spec.scaleTargetRef.name == cluster.name
	least := scaled.spec.minReplicaCount

	# What holds for so many holds for more; a range of what a number can be would not fit into memory.
	some instances in numbers.range(least, min([scaled.spec.maxReplicaCount, least + 1000]))
	instances >= least # bounds that are inverted count down
} | {object.get(cluster.spec, "instances", 1)}

# candidates returns how many standbys of a Cluster may be synchronous, of so many instances.
candidates(cluster, instances) := min([instances - 1, most]) if {
	most := object.get(cluster.spec, ["postgresql", "synchronous", "maxStandbyNamesFromCluster"], instances)
}

# ceiling returns a quotient of two whole numbers, rounded up.
ceiling(dividend, divisor) := (up - (up % divisor)) / divisor if up := (dividend + divisor) - 1

# poolers holds every Pooler, with the connections of all of its instances: from clients, and to PostgreSQL;
# and how many clients find a place, however they are spread, when one instance is drained: those of a single one.
poolers contains pooler if {
	some item in kubernetes.objects
	item.kind == "Pooler"
	instances := number(object.get(item.spec, "instances", 1))
	parameters := object.get(item.spec, ["pgbouncer", "parameters"], {})
	pooler := {
		"item": item,
		"clients": instances * number(object.get(parameters, "max_client_conn", 0)),
		"drained": min([1, max([0, instances - 1])]) * number(object.get(parameters, "max_client_conn", 0)),
		"servers": instances * number(object.get(parameters, "default_pool_size", 0)),
	}
}

# archive returns the name of the ObjectStore that a Cluster archives its log into; it is undefined where there is none.
archive(cluster) := name if {
	some plugin in object.get(cluster.spec, "plugins", [])
	object.get(plugin, "enabled", true) == true
	object.get(plugin, "isWALArchiver", false) == true
	name := object.get(plugin, ["parameters", "barmanObjectName"], "")
}

# number returns the whole number that a text says, and 0 for everything else: none is never enough.
number(value) := to_number(text) if {
	text := sprintf("%v", [value])
	regex.match(`^[0-9]{1,12}$`, text)
}

number(value) := 0 if {
	text := sprintf("%v", [value])
	not regex.match(`^[0-9]{1,12}$`, text)
}

# logins holds each address of PostgreSQL that a container is given: the variable, the role that logs in, and the host.
# `serves` says that it is one of the API, and not one of a migration; `writes`, that its sessions may change anything.
logins contains login if {
	some container in kubernetes.containers
	some index, variable in object.get(container.fields, "env", [])
	address := object.get(variable, "value", "")
	startswith(address, "postgres")
	regex.match(`^postgres(ql)?://[^@/]+@`, address)
	parts := split(split(address, "://")[1], "@")
	options := parameters(address)
	login := {
		"file": container.file,
		"namespace": container.namespace,
		"pointer": sprintf("%s/env/%d/value", [container.pointer, index]),
		"variable": variable.name,
		"role": split(parts[0], ":")[0],
		"host": split(split(parts[1], "/")[0], ":")[0],
		"parameters": options,
		"writes": object.get(options, "default_transaction_read_only", "off") != "on",
		"serves": variable.name != "CBP_DATABASE_MIGRATION_URL",
	}
}

# scheduled holds the command of each container of a job that the cluster starts by the clock, as one text, with its schedule.
scheduled contains job if {
	some item in kubernetes.objects
	item.kind == "CronJob"
	object.get(item.spec, "suspend", false) == false
	some container in item.spec.jobTemplate.spec.template.spec.containers
	job := {"command": concat(" ", container.command), "schedule": object.get(item.spec, "schedule", "")}
}

# daily holds the commands that are run every day.
daily contains command if {
	some job in scheduled
	command := job.command
	regex.match(`^[0-9]+ [0-9]+ \* \* \*$`, job.schedule)
}

# parameters returns those of an address, by name.
parameters(address) := {pair[0]: pair[1] |
	some text in split(concat("?", array.slice(split(address, "?"), 1, 2)), "&")
	pair := split(text, "=")
	count(pair) == 2
}

# roles holds each declared role of PostgreSQL: of the Cluster, and of objects of their own.
roles contains role if {
	some cluster in clusters
	some index, fields in object.get(cluster.spec, ["managed", "roles"], [])
	role := {"fields": fields, "file": cluster.file, "pointer": sprintf("/spec/managed/roles/%d", [index])}
}

roles contains role if {
	some item in kubernetes.objects
	item.kind == "DatabaseRole"
	role := {"fields": item.spec, "file": item.file, "pointer": "/spec"}
}

# certificates holds the Secrets that PostgreSQL's operator makes for roles which log in by a certificate, and renews.
# Upstream: https://cloudnative-pg.io/documentation/current/declarative_role_management/#client-certificate-generation
certificates contains made if {
	some item in kubernetes.objects
	item.kind == "DatabaseRole"
	settings := item.spec.clientCertificate
	object.get(settings, "enabled", true) == true
	made := {
		"namespace": item.namespace,
		"secret": sprintf("%s-client-cert", [item.name]),
		"role": item.spec.name,
		"cluster": item.spec.cluster.name,
	}
}

# copiers holds the accounts by which a SecretStore reads Secrets of another namespace of the same cluster.
copiers contains copier if {
	some item in kubernetes.objects
	item.kind == "SecretStore"
	provider := item.spec.provider.kubernetes
	copier := {
		"store": item.name,
		"account": {"kind": "ServiceAccount", "name": provider.auth.serviceAccount.name, "namespace": item.namespace},
		"reads": provider.remoteNamespace,
	}
}

# serving says that the cluster serves; one that takes over does so as soon as it has its predecessor's token.
serving if {
	input.cluster.role == "primary"
	not waiting
}

waiting if {
	is_object(input.cluster.handover)
	object.get(input.cluster.handover, "token", null) == null
}
