package admin

import "strings"

// traceOf returns a valid traceparent of version 00, or nothing: one that cannot
// be read is no reason to refuse an order. Source: W3C Trace Context, section 3.2.
func traceOf(headers []string) string {
	if len(headers) != 1 {
		return ""
	}
	parts := strings.Split(headers[0], "-")
	if len(parts) != 4 || parts[0] != "00" {
		return ""
	}
	for i, length := range []int{2, 32, 16, 2} {
		if len(parts[i]) != length || strings.Trim(parts[i], "0123456789abcdef") != "" {
			return ""
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return ""
	}
	return headers[0]
}
