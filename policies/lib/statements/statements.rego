# METADATA
# title: Statements of the specification
# description: A statement is a value with its path, and the path as a reader writes it.
package lib.statements

import rego.v1

# at returns the statement at a path; it is undefined where the specification says nothing there.
at(path) := statement if {
	value := object.get(input.spec, path, null)
	value != null
	statement := {"path": path, "name": concat(".", path), "value": value}
}
