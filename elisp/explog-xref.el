;;; explog-xref.el --- References to experiments for xref  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; On a reference, `xref-find-definitions' goes to the step, and
;; `xref-find-references' lists its commits and mentions in all
;; repositories and logs.  Elsewhere these commands work as before, because
;; this backend is active only on a reference.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-ref)
(require 'explog-search)
(require 'explog-server)
(require 'explog-visit)
(require 'subr-x)
(require 'xref)

(defconst explog-xref--most 1000
  "The maximum number of commits and mentions to list.")

(cl-defstruct (explog-xref-place (:copier nil))
  "Where experiment ID, or its STEP if non-nil, is: in the log FILE."
  file id step)

(cl-defstruct (explog-xref-commit (:copier nil))
  "The COMMIT, a full id, of REPOSITORY."
  repository commit)

;;;; The backend

(defun explog-xref-backend ()
  "Return the backend for references if point is on one, else nil.
For `xref-backend-functions'."
  (and (explog-ref-here) 'explog))

(cl-defmethod xref-backend-identifier-at-point ((_backend (eql explog)))
  "Return the reference at point, as \"e201.1\"."
  (pcase (explog-ref-here)
    (`(,id ,step . ,_) (explog-ref-string id step))))

(cl-defmethod xref-backend-identifier-completion-table ((_backend (eql explog)))
  "Return no candidates: what is asked for is typed as \"e201.1\"."
  nil)

(cl-defmethod xref-backend-definitions ((_backend (eql explog)) identifier)
  "Return where the step or experiment is that IDENTIFIER refers to."
  (pcase-let ((`(,id . ,step) (explog-xref--parse identifier)))
    (mapcar (lambda (file)
              (xref-make (or (explog-ref-describe id step) identifier)
                         (make-explog-xref-place :file file :id id :step step)))
            (explog-visit-files id))))

(cl-defmethod xref-backend-references ((_backend (eql explog)) identifier)
  "Return the commits and mentions of what IDENTIFIER refers to."
  (pcase-let* ((`(,id . ,step) (explog-xref--parse identifier))
               (`(,_ ,_ ,hits ,_)
                (condition-case err
                    (explog-server-call-sync
                     "search" (list (explog-ref-string id step) explog-xref--most))
                  (explog-error (user-error "%s" (nth 2 err))))))
    (mapcar #'explog-xref--item hits)))

(cl-defmethod xref-backend-apropos ((_backend (eql explog)) pattern)
  "Return the hits of the query PATTERN."
  (pcase-let ((`(,_ ,_ ,hits ,_)
               (condition-case err
                   (explog-server-call-sync "search" (list pattern explog-xref--most))
                 (explog-error (user-error "%s" (nth 2 err))))))
    (mapcar #'explog-xref--item hits)))

(defun explog-xref--parse (identifier)
  "Return (ID . STEP) for IDENTIFIER, or signal `user-error'."
  (or (explog-ref-parse identifier)
      (user-error "%s is no reference like e201.1" identifier)))

(defun explog-xref--item (hit)
  "Return the xref item for HIT."
  (let ((snippet (explog-search-snippet hit))
        (commit (explog-search-hit-commit hit)))
    (if commit
        (xref-make (format "%s %s %s" (substring commit 0 7)
                           (substring (or (explog-search-hit-date hit) "          ") 0 10)
                           snippet)
                   (make-explog-xref-commit
                    :repository (explog-search-hit-repository hit) :commit commit))
      (xref-make (format "%s: %s" (explog-search-hit-kind hit) snippet)
                 (xref-make-file-location (explog-search-hit-file hit)
                                          (explog-search-hit-line hit) 0)))))

;;;; Locations

(cl-defmethod xref-location-group ((place explog-xref-place))
  "Return the log that PLACE is in."
  (explog-xref-place-file place))

(cl-defmethod xref-location-marker ((place explog-xref-place))
  "Return a marker at PLACE, and show what is hidden there."
  (pcase-let (((cl-struct explog-xref-place file id step) place))
    (unless (file-readable-p file)
      (user-error "%s cannot be read" (abbreviate-file-name file)))
    (with-current-buffer (find-file-noselect file)
      (let ((heading (or (car (explog-visit-places (current-buffer) id))
                         (user-error "%s does not have experiment %s any more"
                                     (abbreviate-file-name file) id))))
        (explog-xref--unfolded
         (or (and step (explog-visit-step (current-buffer) heading step))
             heading))))))

(defun explog-xref--unfolded (position)
  "Return a marker at POSITION of this buffer, with what is hidden there shown."
  (unless (<= (point-min) position (point-max))
    (widen))
  (save-excursion
    (goto-char position)
    (explog-visit-unfold)
    (point-marker)))

(cl-defmethod xref-location-group ((place explog-xref-commit))
  "Return the name of the repository that PLACE is in."
  (concat "commits in "
          (file-name-nondirectory
           (directory-file-name (explog-xref-commit-repository place)))))

(cl-defmethod xref-location-marker ((place explog-xref-commit))
  "Return a marker in a buffer with the commit PLACE.
It is for xref to show it, in the window that it chooses."
  (save-window-excursion
    (explog-search-visit-commit (explog-xref-commit-repository place)
                                (explog-xref-commit-commit place))
    (point-marker)))

(provide 'explog-xref)
;;; explog-xref.el ends here
