# METADATA
# title: Quantities for messages
# description: Inputs hold whole numbers in base units; messages say them as the specification does.
package lib.units

import rego.v1

# bytes returns an amount of memory or storage, as 4GB.
bytes(amount) := text if {
	units := [[1099511627776, "TB"], [1073741824, "GB"], [1048576, "MB"], [1024, "KB"], [1, "B"]]
	[number, name] := largest(amount, units)
	text := sprintf("%d%s", [number, name])
}

# millicores returns an amount of CPU, as 2 cores.
millicores(amount) := counted(largest(amount, [[1000, "core"], [1, "millicore"]]))

# seconds returns a length of time, as 30 days.
seconds(amount) := counted(largest(amount, [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]]))

# resource returns an amount of a Kubernetes resource, such as limits.cpu; a number of things where it has no unit.
resource(name, amount) := millicores(amount) if endswith(name, "cpu")

resource(name, amount) := bytes(amount) if regex.match(`(memory|storage)$`, name)

resource(name, amount) := sprintf("%d", [amount]) if not regex.match(`(cpu|memory|storage)$`, name)

# largest returns the amount in the largest unit that leaves no rest, and that unit's name.
largest(amount, units) := [amount / fitting[0][0], fitting[0][1]] if {
	fitting := [unit | some unit in units; amount % unit[0] == 0]
}

counted([number, name]) := sprintf("%d %s", [number, name]) if number == 1

counted([number, name]) := sprintf("%d %ss", [number, name]) if number != 1
