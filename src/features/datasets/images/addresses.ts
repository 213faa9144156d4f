// Where the server shows a picture: small for grids, large to be looked at.

const address = (dataset: string, what: string, id: string) =>
  `/api/datasets/${encodeURIComponent(dataset)}/${what}?image_id=${encodeURIComponent(id)}`;

export const thumbnailOf = (dataset: string, id: string) => address(dataset, 'thumbnail', id);
export const pictureOf = (dataset: string, id: string) => address(dataset, 'picture', id);
