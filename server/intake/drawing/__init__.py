"""Drawing pictures that look like dermoscopy, for trying the program without any patient's data.

``fields`` gives noise and cells over the plane, ``lesions`` the five kinds of lesion, ``picture``
the skin, the hairs, the lens and the light around one view of a lesion.
"""
