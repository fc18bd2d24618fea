package delta

type predictor struct{}
