# METADATA
# title: The plan for Vault
# description: Its documents with their places in the file, and the roles by which workloads and people log in.
package lib.vault

import rego.v1

# writes holds every document with its place.
writes contains write if {
	some index, document in input.vault.documents
	write := {
		"path": document.path,
		"data": document.data,
		"pointer": sprintf("/documents/%d/data", [index]),
	}
}

# roles holds every login role: its name, its mount, and the kind of auth method that is mounted there.
roles contains role if {
	some write in writes
	parts := split(write.path, "/")
	count(parts) == 4
	parts[0] == "auth"
	parts[2] == "role"
	role := {
		"name": parts[3],
		"mount": parts[1],
		"type": object.get(mounts, sprintf("sys/auth/%s", [parts[1]]), ""),
		"data": write.data,
		"pointer": write.pointer,
	}
}

# mounts holds the kind of what is mounted, by the path of its document.
mounts[path] := kind if {
	some write in writes
	regex.match(`^sys/(auth|mounts)/[^/]+$`, write.path)
	path := write.path
	kind := write.data.type
}

# signing_roles holds the roles by which an authority signs certificates.
signing_roles contains role if {
	some write in writes
	parts := split(write.path, "/")
	count(parts) == 3
	parts[1] == "roles"
	object.get(mounts, sprintf("sys/mounts/%s", [parts[0]]), "") == "pki"
	role := {"mount": parts[0], "name": parts[2], "data": write.data, "pointer": write.pointer}
}

# static_roles holds the database roles whose passwords Vault changes.
static_roles contains role if {
	some write in writes
	parts := split(write.path, "/")
	count(parts) == 3
	parts[1] == "static-roles"
	role := {"mount": parts[0], "name": parts[2], "data": write.data, "pointer": write.pointer}
}
