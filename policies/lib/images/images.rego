# METADATA
# title: Stated images
# description: Every image that the environment or the specification states, and the versions of programs.
package lib.images

import rego.v1

# stated holds every image with its name, and the statement of it.
stated contains found if {
	image := input.environment.image
	found := {"name": "the API", "image": image, "path": ["environment", "image"]}
}

stated contains found if {
	some name, image in input.spec.containers.images
	used(name)
	found := {"name": name, "image": image, "path": ["containers", "images", name]}
}

# used says whether a cluster of the environment runs an image: node-exporter, where its platform has none, and blackbox
# exporter, where probes may call from somewhere.
used(name) if not name in {"node_exporter", "blackbox_exporter"}

used("node_exporter") if {
	some cluster in input.environment.clusters
	cluster.node_metrics == false
}

used("blackbox_exporter") if {
	some cluster in input.environment.clusters
	is_array(cluster.addresses.probes)
}

# numbers returns the numbers of a version: [9, 1, 3] of 9.1.3.
numbers(version) := [to_number(part) | some part in split(version, ".")]

# series returns what a version has in common with its later fixes: [9, 1] of 9.1.3.
series(version) := array.slice(numbers(version), 0, count(numbers(version)) - 1)

# fixed says whether a version has what was mended in some releases, one of each series.
fixed(version, releases) if {
	some release in releases
	series(version) == series(release)
	numbers(version) >= numbers(release)
}

fixed(version, releases) if series(version) > max([series(release) | some release in releases])
