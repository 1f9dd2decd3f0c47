//go:build !race

package oneshot

const underRace = false
