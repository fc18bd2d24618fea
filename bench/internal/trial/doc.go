// Package trial measures. Each file is one question; what is compared is
// measured in turns, and what is found is words of package result.
package trial
