;;; explog-search.el --- Search logs and commits as you type  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-search' asks for a query and shows what it finds while you
;; type, over all logs and the commits of all repositories.  RET in the
;; minibuffer goes to the results, where RET visits what is at point:
;; a step in its log, or a commit in magit, or in vc where there is no
;; magit.  Results are grouped by experiment.
;;
;; The server answers in milliseconds, but nothing waits for it: what it
;; answers is shown when it comes, unless a newer question was asked.

;;; Code:

(require 'explog)
(require 'cl-lib)
(require 'seq)
(require 'subr-x)

(autoload 'explog-consult-search "explog-consult")
(declare-function bookmark-prop-get "bookmark" (bookmark-name-or-record prop))
(declare-function magit-show-commit "magit-diff" (rev &optional args files module))
(declare-function org-fold-show-context "org-fold" (&optional key))
(declare-function org-show-context "org" (&optional key))
(declare-function vc-print-log-internal "vc"
                  (backend files working-revision &optional is-start-revision
                           limit type))

(defcustom explog-search-limit 100
  "How many hits `explog-search' shows at most."
  :type 'natnum
  :group 'explog)

(defcustom explog-search-delay 0.05
  "Seconds of no typing after which a search is made."
  :type 'number
  :group 'explog)

(defcustom explog-search-use-consult t
  "Whether `explog-search' goes through consult where that is installed.
It does so only with a completion that shows candidates as you type, as
vertico and icomplete do."
  :type 'boolean
  :group 'explog)

(defface explog-search-match '((t :inherit match))
  "What a query found, in a snippet."
  :group 'explog)

(defface explog-search-experiment '((t :inherit (font-lock-function-name-face bold)))
  "The experiment that a group of hits belongs to."
  :group 'explog)

(defface explog-search-where '((t :inherit shadow))
  "Where a hit is."
  :group 'explog)

(defvar explog-search-history nil
  "The queries that were made.")

;;;; Hits

(cl-defstruct (explog-search-hit (:type vector) (:constructor nil) (:copier nil))
  "A hit as the server sends it; what does not apply is nil."
  kind experiment step title snippet file line repository commit date)

(defun explog-search--reference (hit)
  "Return the reference to the experiment or step of HIT, or nil."
  (when-let ((experiment (explog-search-hit-experiment hit)))
    (concat "e" experiment
            (if-let ((step (explog-search-hit-step hit)))
                (concat "." step)
              ""))))

(defun explog-search--where (hit)
  "Return where HIT is, in a few words."
  (if-let ((commit (explog-search-hit-commit hit)))
      (format "%s %s"
              (file-name-nondirectory (explog-search-hit-repository hit))
              (substring commit 0 7))
    (let ((file (explog-search-hit-file hit)))
      (format "%s%s:%d"
              (if (string-suffix-p "_archive" file) "archived: " "")
              (file-name-nondirectory file)
              (explog-search-hit-line hit)))))

(defun explog-search--snippet (hit)
  "Return the snippet of HIT with its matches in a face instead of brackets."
  (replace-regexp-in-string
   "⟦\\([^⟧]*\\)⟧"
   (lambda (text)
     (propertize (match-string 1 text) 'face 'explog-search-match))
   (explog-search-hit-snippet hit) t t))

(defun explog-search-visit-hit (hit)
  "Go to HIT: a place in a log, or a commit."
  (if (explog-search-hit-commit hit)
      (explog-search--visit-commit (explog-search-hit-repository hit)
                                   (explog-search-hit-commit hit))
    (explog-search--visit-line (explog-search-hit-file hit)
                               (explog-search-hit-line hit))))

(defun explog-search--visit-line (file line)
  "Visit FILE at LINE, and show what is hidden there."
  (unless (file-readable-p file)
    (user-error "%s cannot be read" (abbreviate-file-name file)))
  (find-file-other-window file)
  (widen)
  (goto-char (point-min))
  (forward-line (1- line))
  (cond ((not (derived-mode-p 'org-mode)))
        ((fboundp 'org-fold-show-context) (org-fold-show-context 'link-search))
        ((fboundp 'org-show-context) (org-show-context 'link-search)))
  (recenter))

(defun explog-search--visit-commit (repository commit)
  "Show COMMIT, a full id, of REPOSITORY: in magit if it is there, else in vc."
  (let ((default-directory (file-name-as-directory repository)))
    (if (require 'magit nil t)
        (magit-show-commit commit)
      (require 'vc)
      (vc-print-log-internal 'Git (list default-directory) commit t 1))))

;;;; The buffer of results

(defvar-local explog-search--query nil
  "The query whose hits this buffer shows.")

(defvar explog-search-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-search-visit)
    (define-key map [mouse-2] #'explog-search-visit)
    (define-key map "n" #'explog-search-next)
    (define-key map "p" #'explog-search-previous)
    (define-key map "s" #'explog-search-refine)
    map)
  "The keys of `explog-search-mode'.")

(define-derived-mode explog-search-mode special-mode "Explog Search"
  "What a search in experiment logs and commits found.

\\{explog-search-mode-map}"
  (setq truncate-lines t)
  (setq-local revert-buffer-function #'explog-search--revert)
  (setq-local next-error-function #'explog-search--next-error)
  (setq-local bookmark-make-record-function #'explog-search--bookmark))

(defun explog-search--buffer ()
  "Return the buffer of results."
  (let ((buffer (get-buffer-create "*explog search*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'explog-search-mode)
        (explog-search-mode)))
    buffer))

(defun explog-search--show (query result)
  "Show RESULT, the server's answer to QUERY, in the buffer of results."
  (pcase-let ((`(,total ,complete ,hits ,progress) result))
    (with-current-buffer (explog-search--buffer)
      (setq explog-search--query query)
      (explog-search--replace
       (lambda ()
         (insert (propertize
                  (format "%s: %s%s\n" query
                          (explog-search--count (length hits) total complete)
                          (if (string-empty-p progress) ""
                            (format " (reading %s)" progress)))
                  'face 'bold))
         (pcase-dolist (`(,experiment . ,group) (explog-search--groups hits))
           (explog-search--insert-group experiment group)))))))

(defun explog-search--replace (insert)
  "Call INSERT to fill the current buffer anew, and go to its first hit."
  (let ((inhibit-read-only t))
    (erase-buffer)
    (funcall insert)
    (goto-char (point-min))
    (explog-search--to-hit 1)
    (dolist (window (get-buffer-window-list nil nil t))
      (set-window-point window (point)))))

(defun explog-search--count (shown total complete)
  "Say how many hits are SHOWN of TOTAL, of which there are more if not COMPLETE."
  (cond ((zerop shown) "nothing found")
        ((and complete (= shown total)) (format "%d found" total))
        (t (format "the best %d of %d%s" shown total (if complete "" " and more")))))

(defun explog-search--groups (hits)
  "Return HITS as an alist (EXPERIMENT . HITS), best group first."
  (let (groups)
    (seq-doseq (hit hits)
      (let* ((experiment (explog-search-hit-experiment hit))
             (group (assoc experiment groups)))
        (if group
            (setcdr group (cons hit (cdr group)))
          (push (list experiment hit) groups))))
    (mapcar (lambda (group) (cons (car group) (reverse (cdr group))))
            (nreverse groups))))

(defun explog-search--insert-group (experiment hits)
  "Insert a line for EXPERIMENT, nil if there is none, and one for each of HITS."
  (insert "\n"
          (propertize
           (if experiment
               (format "%s %s\n" experiment (explog-search--group-title hits))
             "No experiment\n")
           'face 'explog-search-experiment))
  (dolist (hit hits)
    (insert (propertize (explog-search--line hit)
                        'explog-search-hit hit
                        'mouse-face 'highlight
                        'help-echo "RET, mouse-2: go there"))))

(defun explog-search--group-title (hits)
  "Return the title of the experiment that HITS belong to, as far as they tell."
  (if-let ((hit (seq-find (lambda (hit) (not (explog-search-hit-commit hit))) hits)))
      (explog-search-hit-title hit)
    ""))

(defun explog-search--line (hit)
  "Return the line for HIT in the buffer of results."
  (let ((date (or (explog-search-hit-date hit) "")))
    (format "  %-10s %-9s %s %s\n"
            (explog-search-hit-kind hit)
            (or (explog-search--reference hit) "")
            (propertize (format "%-10s %-24s"
                                (substring date 0 (min 10 (length date)))
                                (truncate-string-to-width
                                 (explog-search--where hit) 24 nil nil t))
                        'face 'explog-search-where)
            (explog-search--snippet hit))))

(defun explog-search--to-hit (count)
  "Move COUNT hits on, or back if negative; return non-nil if there were so many."
  (let ((step (if (< count 0) -1 1)) (left (abs count)) (start (point)))
    (while (and (> left 0) (zerop (forward-line step)) (not (eobp)))
      (when (get-text-property (point) 'explog-search-hit)
        (setq left (1- left))))
    (unless (get-text-property (point) 'explog-search-hit)
      (goto-char start))
    (zerop left)))

(defun explog-search-next (&optional count)
  "Go to the next hit, or the COUNTth."
  (interactive "p")
  (unless (explog-search--to-hit (or count 1))
    (user-error "No more hits")))

(defun explog-search-previous (&optional count)
  "Go to the previous hit, or the COUNTth."
  (interactive "p")
  (explog-search-next (- (or count 1))))

(defun explog-search-visit (&optional event)
  "Go to the hit at point, or where EVENT is."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  ;; The log has a `next-error-function' of its own, which org gives it.
  (setq next-error-last-buffer (current-buffer))
  (explog-search-visit-hit
   (or (get-text-property (line-beginning-position) 'explog-search-hit)
       (user-error "No hit here"))))

(defun explog-search--next-error (count &optional reset)
  "Visit the COUNTth hit from here, or from the first if RESET."
  (when reset
    (goto-char (point-min)))
  (explog-search-next count)
  (explog-search-visit))

(defun explog-search--revert (&rest _)
  "Make the search of this buffer again."
  (explog-search--ask explog-search--query))

(defun explog-search-refine ()
  "Change the query of this buffer."
  (interactive)
  (explog-search--in-buffer explog-search--query))

(defun explog-search--bookmark ()
  "Return a bookmark of the search in this buffer."
  `(,(concat "explog: " explog-search--query)
    (explog-query . ,explog-search--query)
    (handler . explog-search-bookmark-handler)))

;;;###autoload
(defun explog-search-bookmark-handler (bookmark)
  "Make the search of BOOKMARK again."
  (explog-search--ask (bookmark-prop-get bookmark 'explog-query))
  (set-buffer (explog-search--buffer)))

;;;; Asking

(defvar explog-search--asked 0
  "The number of the last question; the answer to an older one is dropped.")

(defun explog-search--ask (query &optional tell)
  "Ask the server for QUERY, and show what it answers when it does.
TELL, if non-nil, is called with an error message instead of `message'."
  (let ((number (setq explog-search--asked (1+ explog-search--asked))))
    (explog-bridge-call
     "search" (list query explog-search-limit)
     :success (lambda (result)
                (when (= number explog-search--asked)
                  (explog-search--show query result)))
     :error (lambda (problem)
              (when (= number explog-search--asked)
                (funcall (or tell #'message) "%s"
                         (plist-get problem :message)))))))

(defvar explog-search--timer nil
  "The timer that asks when there was no typing for a while.")

(defun explog-search--typed ()
  "Ask for what stands in the minibuffer, soon."
  (let ((query (minibuffer-contents-no-properties)))
    (when explog-search--timer
      (cancel-timer explog-search--timer))
    (setq explog-search--timer
          (run-with-timer explog-search-delay nil
                          #'explog-search--ask-typed query))))

(defun explog-search--ask-typed (query)
  "Ask for QUERY, which is being typed."
  (setq explog-search--timer nil)
  (if (string-blank-p query)
      (setq explog-search--asked (1+ explog-search--asked))
    (explog-search--ask query #'ignore)))

(defun explog-search--read (initial)
  "Read a query, beginning with INITIAL, and show its hits meanwhile."
  (minibuffer-with-setup-hook
      (lambda ()
        (add-hook 'after-change-functions
                  (lambda (&rest _) (explog-search--typed)) nil t)
        (when initial
          (explog-search--typed)))
    (unwind-protect
        (read-string "Search: " initial 'explog-search-history)
      (when explog-search--timer
        (cancel-timer explog-search--timer)
        (setq explog-search--timer nil)))))

(defun explog-search--live-completion-p ()
  "Return non-nil where the candidates of completion appear as one types."
  (or (bound-and-true-p vertico-mode)
      (bound-and-true-p icomplete-mode)
      (bound-and-true-p fido-mode)
      (bound-and-true-p mct-mode)))

;;;###autoload
(defun explog-search (&optional query plain)
  "Search logs and commits, and show what is found while you type.
QUERY is what the minibuffer begins with.  With a prefix argument PLAIN,
use a buffer of results even where consult is installed; see
`explog-search-use-consult'.

A query has words, of which the last may be begun only, \"phrases\",
-word for what is left out, OR, references as e201 or e201.1, hashes,
and filters: kind: state: tag: repo: log: author: after: before:, with
dates as 2018-06-06, 2018-06, 2w or yesterday."
  (interactive (list nil current-prefix-arg))
  (if (and explog-search-use-consult (not plain)
           (explog-search--live-completion-p)
           (require 'consult nil t))
      (explog-consult-search query)
    (explog-search--in-buffer query)))

(defun explog-search--in-buffer (query)
  "Ask for a query, beginning with QUERY, and show its hits in a buffer."
  (let ((windows (current-window-configuration))
        (buffer (explog-search--buffer))
        done)
    (unwind-protect
        (progn
          (display-buffer buffer)
          (let ((answer (explog-search--read query)))
            (if (string-blank-p answer)
                (user-error "Nothing to search for")
              (explog-search--ask answer)
              (setq done t))))
      (unless done
        (set-window-configuration windows)))
    (pop-to-buffer buffer)))

(provide 'explog-search)
;;; explog-search.el ends here
