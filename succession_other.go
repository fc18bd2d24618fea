//go:build unix && !linux

package overseer

const canSucceed = false
