# METADATA
# title: Pods start before their release has migrated the database
# description: >-
#   A pod that finds an older schema fails on what is missing. The migration of its own image runs in an earlier wave of
#   the same sync, and a failed one keeps the pods back. As a hook that is deleted before it is made anew, it can be
#   tried again; without an end of its time, a sync waits for it for ever, and no later commit that mends it is applied.
# custom:
#   id: K8S048
#   severity: error
#   owner: reliability
#   remediation: >-
#     Render a Job of runtime.migrate with the image of the Deployment, as a hook Sync with BeforeHookCreation, with
#     activeDeadlineSeconds, and with a sync wave before that of the Deployment.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.pods_before_their_schema

import data.lib.kubernetes
import data.lib.stores
import rego.v1

annotation(object_, name) := object.get(object_, ["metadata", "annotations", sprintf("argocd.argoproj.io/%s", [name])], "")

wave(object_) := to_number(object.get(object_, ["metadata", "annotations", "argocd.argoproj.io/sync-wave"], "0"))

# Each Deployment whose pods are given the database's address, with the image that is. Pods that only read, in a cluster
# that stands by, wait until they are ready for the schema that the other cluster's migration makes.
examined contains release if {
	some login in stores.logins
	login.variable == "CBP_DATABASE_URL"
	login.writes
	some document in input.documents
	document.file == login.file
	document.object.kind == "Deployment"
	some container in document.object.spec.template.spec.containers
	some variable in object.get(container, "env", [])
	variable.name == login.variable
	release := {
		"file": document.file,
		"name": document.object.metadata.name,
		"image": container.image,
		"wave": wave(document.object),
	}
}

migrates(job, release) if {
	some container in job.spec.template.spec.containers
	container.image == release.image
	contains(concat(" ", container.command), " -m runtime.migrate ")
}

migrated(release) if {
	some document in input.documents
	job := document.object
	job.kind == "Job"
	migrates(job, release)
	annotation(job, "hook") == "Sync"
	"BeforeHookCreation" in split(annotation(job, "hook-delete-policy"), ",")
	object.get(job.spec, "activeDeadlineSeconds", 0) > 0
	wave(job) < release.wave
}

deny contains denial if {
	some release in examined
	not migrated(release)
	denial := {
		"id": "K8S048",
		"message": sprintf("the pods of %s start although no earlier wave migrates the database by their image", [release.name]),
		"path": ["orchestration", "configuration", "rolling_update"],
		"file": release.file,
		"pointer": "/metadata/annotations",
	}
}
