module github.com/seed-3d078585/overseer/bench

go 1.26.0

require (
	golang.org/x/net v0.60.0
	golang.org/x/sys v0.49.0
)

require golang.org/x/text v0.42.0 // indirect

replace github.com/seed-3d078585/overseer => ../
