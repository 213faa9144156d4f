// The nouns of the server under short names. Generated shapes only; nothing is added here.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Session = Schemas['Session'];
export type Person = Schemas['Person'];
export type ClassCount = Schemas['ClassCount'];
export type DatasetListed = Schemas['DatasetListed'];
export type DatasetSummary = Schemas['DatasetSummary'];
export type DatasetProblem = Schemas['DatasetProblem'];
export type SizeCount = Schemas['SizeCount'];
export type Layout = Schemas['Layout'];
export type ProblemKind = Schemas['ProblemKind'];
export type UploadResult = Schemas['UploadResult'];
export type ImportListed = Schemas['ImportListed'];
export type ImportStep = Schemas['ImportStep'];
export type UnfinishedUpload = Schemas['UnfinishedUpload'];
export type UploadedFile = Schemas['UploadedFile'];
export type TrainingForm = Schemas['TrainingForm'];
export type TrainingOptions = Schemas['TrainingOptions'];
export type PresetOption = Schemas['PresetOption'];
export type MeasuredCost = Schemas['MeasuredCost'];
export type TrainingStarted = Schemas['TrainingStarted'];
export type ArchitectureOption = Schemas['ArchitectureOption'];
export type NumberLimit = Schemas['NumberLimit'];
export type JobDetail = Schemas['JobDetail'];
export type JobStatus = Schemas['JobStatus'];
export type EpochPoint = Schemas['EpochPoint'];
export type ModelListed = Schemas['ModelListed'];
export type ModelReport = Schemas['ModelReport'];
export type ModelFile = Schemas['ModelFile'];
export type ModelComparison = Schemas['ModelComparison'];
export type FigureCompared = Schemas['FigureCompared'];
export type Headline = Schemas['Headline'];
export type Prediction = Schemas['Prediction'];
