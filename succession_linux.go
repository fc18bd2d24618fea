package overseer

// canSucceed says that a master can be replaced in place.
const canSucceed = true
