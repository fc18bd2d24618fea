package socket

// unix(7): sun_path has 108 bytes, and a leading NUL makes a name abstract.
const (
	sunPathMax  = 108
	hasAbstract = true
)
