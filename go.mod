module github.com/seed-3d078585/overseer

go 1.26.0

require (
	github.com/klauspost/compress v1.20.3
	github.com/ulikunitz/xz v0.5.17
	golang.org/x/mod v0.42.0
	golang.org/x/sys v0.49.0
)
