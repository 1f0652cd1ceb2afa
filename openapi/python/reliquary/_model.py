"""What every model of an answer is: typed, open to fields that are not known yet, and a mapping again on demand."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class ApiModel(BaseModel):
    model_config = ConfigDict(extra="allow", protected_namespaces=())

    def to_dict(self) -> dict[str, Any]:
        """As the service sent it: unknown fields are there, and fields that it left out are not."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
