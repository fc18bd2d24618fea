package delta

// RaceEnabled says that the race detector, which takes time and memory of its
// own, is on.
const RaceEnabled = raceEnabled
