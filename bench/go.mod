module github.com/seed-3d078585/overseer/bench

go 1.26.0

require (
	github.com/seed-3d078585/overseer v0.0.0
	golang.org/x/sys v0.49.0
)

require (
	aead.dev/minisign v0.3.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/mod v0.42.0 // indirect
)

replace github.com/seed-3d078585/overseer => ../
