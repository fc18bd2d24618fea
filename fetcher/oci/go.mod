module github.com/seed-3d078585/overseer/fetcher/oci

go 1.26.0

require (
	github.com/opencontainers/go-digest v1.0.0
	github.com/opencontainers/image-spec v1.1.1
	github.com/seed-3d078585/overseer v0.0.0
	oras.land/oras-go/v2 v2.7.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace github.com/seed-3d078585/overseer => ../..
