# METADATA
# title: Backups or anchors go where the cluster has no identity
# description: >-
#   A role of Amazon cannot open a container of Azure, nor the reverse: every backup fails, and so does the archive
#   of the log. An endpoint beside the location is for a store that speaks S3; Azure's is part of the location.
# custom:
#   id: DEP014
#   severity: error
#   owner: reliability
#   remediation: Write the location and the identity in the cluster's own cloud.
#   section: Disaster Recovery, 1. Backup Strategy
package environment.backups_of_another_cloud

import rego.v1

shapes := {
	"aws": {"location": `^s3://`, "identity": `^arn:`, "endpoint": `^https://`},
	"azure": {"location": `^https://`, "identity": `^[0-9a-f]{8}-`, "endpoint": `^$`},
}

examined contains backup if {
	some group in ["backups", "anchors"]
	stated := object.get(input.cluster, group, null)
	is_object(stated)
	some field, shape in shapes[input.cluster.platform]
	value := stated[field]
	is_string(value)
	backup := {"group": group, "field": field, "value": value, "shape": shape}
}

fits(backup) if regex.match(backup.shape, backup.value)

deny contains denial if {
	some backup in examined
	not fits(backup)
	denial := {
		"id": "DEP014",
		"message": sprintf("the %s' %s is not one of %s", [backup.group, backup.field, input.cluster.platform]),
		"path": ["environment", "clusters", input.cluster.name, backup.group, backup.field],
		"places": [["environment", "clusters", input.cluster.name, backup.group, backup.field]],
		"given": [["environment", "clusters", input.cluster.name, "platform"]],
	}
}
